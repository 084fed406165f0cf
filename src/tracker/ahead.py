"""Work that runs ahead: the next pieces are made in a thread of their own while the last ones are used."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

_LOOK_S = 0.05
"""How often a thread that waits for room looks whether anybody still wants its work."""


class _Failed:
    """An error on its way from one thread to the other."""

    def __init__(self, error: BaseException) -> None:
        """Keep the error."""
        self.error = error


class _End:
    """What comes behind the last item."""


def ahead(items: Iterator[T], depth: int) -> Generator[T]:
    """Go through an iterator in a thread of its own, at most so many items ahead of who uses them.

    The items come in the same order as without, and so does an error: behind all items before it. Whoever stops early closes
    this generator; the thread then ends at its next item, is waited for, and closes the iterator.

    Args:
        items: Used by that one thread only, from now on.
        depth: Items that may wait, 1 or more; two further ones are under way, one on each side.
    """
    worker: _Worker[T] = _Worker(items, depth)
    try:
        while True:
            item = worker.queue.get()
            if isinstance(item, _End):
                return
            if isinstance(item, _Failed):
                raise item.error
            yield item
            # Not held while the next one is awaited: a batch of pictures is large.
            del item
    finally:
        worker.stop()


class _Worker(Generic[T]):
    """The thread that works ahead."""

    def __init__(self, items: Iterator[T], depth: int) -> None:
        """Start at once."""
        self.queue: Queue[T | _Failed | _End] = Queue(depth)
        self._items, self._unwanted = items, Event()
        # A daemon: should the wait for it be cut short by a second Ctrl-C, the program ends all the same.
        self._thread = Thread(target=self._run, name="ahead", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread at its next item and wait for it."""
        self._unwanted.set()
        # Makes room for a put that waits.
        while True:
            try:
                self.queue.get_nowait()
            except Empty:
                break
        self._thread.join()

    def _run(self) -> None:
        last: _Failed | _End = _End()
        try:
            for item in self._items:
                if not self._put(item):
                    break
                del item
        except BaseException as err:  # whatever it is, it belongs to who uses the items
            last = _Failed(err)
        finally:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()
        self._put(last)

    def _put(self, item: T | _Failed | _End) -> bool:
        """Put an item into the queue, and say whether anybody still wants more."""
        while not self._unwanted.is_set():
            try:
                self.queue.put(item, timeout=_LOOK_S)
            except Full:
                continue
            return True
        return False
