"""The store in MongoDB: one collection a kind of record, one document a record.

The `_id` of a document is the text of its key, `a1 8000000000000003` for track 3 of analysis a1, made so that texts sort as the
keys do in SQLite: see `_key_text`. A sub-document would read better, but not all servers of the protocol compare those alike.
The fields of the key stand beside it as they are.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ConfigError, StorageError
from ..records import Record
from .base import PAGE, PAGE_BYTES, R, Row, Store, missing_indexes, n_bytes
from .codec import Layout
from .pages import Place, Plan, Query
from .schema import SCHEMA, Columns, Schema, index_name

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.collection import Collection

T = TypeVar("T")

RETRY_S = 30.0
"""How long an operation is tried again when the server is away, restarts or elects another primary."""
SELECTION_S = 5.0
"""How long a server is looked for each time."""
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""MongoDB's limit. Source: MongoDB manual, Limits and Thresholds."""

_FIRST_PAGE = 8
_STATE = "facerec_schema"
_STATE_ID = "facerec"
_REVISIONS = "facerec_revision"
_BY_KEY = "_id_"
"""MongoDB's name of the index of ids."""
_BETWEEN, _ESCAPES = " ", "!"
"""What stands between the parts of a key, and what begins an escape: the two lowest characters of an id, in this order."""

_PASSING = frozenset({6, 7, 89, 91, 189, 262, 9001, 10107, 11000, 11600, 11602, 13435, 13436})
"""Codes of faults that pass: host unreachable, time-outs, shutdown, no primary, interrupted; and 11000, two inserts of one key.
Source: MongoDB, Retryable Writes specification, list of retryable codes."""

_LOW = re.compile(r"[\0-!]")
_ESCAPED = re.compile(r"[%.$\0]")
_ESCAPE = re.compile(r"%(25|2E|24|00)")


class MongoStore(Store):
    """Keeps records in a MongoDB database. Faults that may pass are tried again for half a minute."""

    def __init__(self, uri: str, schema: Schema = SCHEMA, *, migrate: bool = False) -> None:
        """Connect to the server, and make the collections' indexes where they do not exist.

        Args:
            uri: `mongodb://host:port/database`, with user and options as MongoDB's manual describes them.
            schema: What the database holds.
            migrate: Also take steps to a newer version that cannot be taken back, and add what may be missing.
        """
        super().__init__(schema)
        self._client, name, self.place = _connect(uri)
        self._closed = threading.Event()
        self._database = self._client[name]
        self._largest: dict[type[Any], int] = {}
        try:
            # A server that does not answer at the start is more likely a wrong address than a restart.
            self._trying(lambda: self._client.admin.command("ping"), patience_s=0)
            self._trying(lambda: self._prepare(migrate))
        except BaseException:
            self.close()
            raise

    def put(self, *records: Record) -> None:
        """Write records one after the other in the order given, each whole."""
        from pymongo import ReplaceOne

        encoded = [self._encode(record) for record in records]
        with self._revising(self.schema.scopes(records)):
            for name, group in groupby(encoded, key=lambda part: part[0]):
                writes = [ReplaceOne({"_id": key}, document, upsert=True) for _, key, document in group]
                # Writing the same again changes nothing, and so all of it may be tried again.
                self._trying(partial(self._database[name].bulk_write, writes, ordered=True))

    def put_new(self, record: Record) -> bool:
        """Insert, which the server does at most once for a key."""
        from pymongo.errors import DuplicateKeyError

        def insert() -> bool:
            try:
                collection.insert_one(document)
            except DuplicateKeyError:
                return False
            return True

        name, _, document = self._encode(record)
        collection = self._database[name]
        with self._revising(self.schema.scopes([record])):
            return self._trying_once(record, insert)

    def put_if(self, record: Record, **expected: object) -> bool:
        """Replace what the server finds by key and expected values, which is one step of the server."""
        name, key, document = self._encode(record)
        wanted = {name: str.__str__(value) if isinstance(value, str) else value for name, value in expected.items()}
        collection = self._database[name]
        with self._revising(self.schema.scopes([record])):
            return self._trying_once(record, lambda: collection.replace_one({"_id": key} | wanted, document).matched_count == 1)

    def count(self, kind: type[R], **equals: object) -> int:
        """Count by the index."""
        query, hint = self._query(kind, equals)
        return self._trying(lambda: self._collection(kind).count_documents(query, hint=hint))

    def delete(self, kind: type[R], **equals: object) -> int:
        """Delete one by one. Those of an attempt that the server did not survive are gone but not counted."""
        query, hint = self._query(kind, equals)
        fields = dict.fromkeys(self.schema.revised.get(kind, ()), 1)
        gone = self._trying(lambda: list(self._collection(kind).find(query, fields, hint=hint))) if fields else []
        with self._revising({self.schema.scope(kind, *(document[name] for name in fields)) for document in gone}):
            return self._trying(lambda: self._collection(kind).delete_many(query, hint=hint).deleted_count)

    def revision(self, kind: type[Any], *scope: object) -> str:
        """Read it from a collection of its own."""
        asked = self.schema.scope(kind, *scope)
        found = self._trying(lambda: self._database[_REVISIONS].find_one({"_id": asked}))
        return str(found["stamp"]) if found else ""

    def revisions(self, kind: type[Any], *leading: object) -> dict[tuple[Any, ...], str]:
        """Read a stretch of the same collection."""
        start, end = self.schema.scopes_below(kind, *leading)
        found = self._trying(lambda: list(self._database[_REVISIONS].find({"_id": {"$gte": start, "$lt": end}})))
        return {tuple(json.loads(one["_id"])[1 + len(leading) :]): str(one["stamp"]) for one in found}

    @contextmanager
    def _revising(self, scopes: set[str]) -> Iterator[None]:
        """Change revisions before and after a write.

        After it, for what others read before; and before it, since they may read some of it while it goes on, and nothing
        would change the revision any more if this process died then.
        """
        self._revise(scopes)
        try:
            yield
        except BaseException:
            with suppress(StorageError):
                self._revise(scopes, patience_s=0)
            raise
        self._revise(scopes)

    def _revise(self, scopes: set[str], patience_s: float | None = None) -> None:
        from pymongo import ReplaceOne

        writes = [ReplaceOne({"_id": scope}, {"stamp": secrets.token_hex(8)}, upsert=True) for scope in sorted(scopes)]
        if writes:
            self._trying(partial(self._database[_REVISIONS].bulk_write, writes, ordered=False), patience_s)

    def faults(self) -> Iterator[str]:
        """Name the indexes that are not there."""
        for layout, index in self.schema.all_indexes():
            there = self._trying(self._database[layout.name].index_information)
            yield from missing_indexes(self.place, [index_name(layout, index)], there)

    def size(self) -> int:
        """Ask the server what records and indexes take."""
        stats = self._trying(lambda: self._database.command("dbStats"))
        return int(stats.get("storageSize", 0) + stats.get("indexSize", 0))

    def close(self) -> None:
        """Close all connections."""
        self._closed.set()
        self._client.close()

    def _page(self, kind: type[Any], equals: dict[str, object], after: list[Any] | None) -> tuple[list[Row], bool]:
        query, hint = self._query(kind, equals, after)
        # One reply a page: small at first, and as large as the largest records seen so far allow.
        limit = max(1, min(PAGE, PAGE_BYTES // self._largest[kind])) if kind in self._largest else _FIRST_PAGE
        found = self._trying(
            lambda: list(self._collection(kind).find(query, hint=hint, sort=[("_id", 1)], limit=limit, batch_size=limit))
        )
        rows: list[Row] = [_decoded(self.schema.layouts[kind], document) for document in found]
        if rows:
            self._largest[kind] = max(self._largest.get(kind, 1), *(n_bytes(row) for row in rows))
        return rows, len(rows) == limit

    def _query(
        self, kind: type[Any], equals: Mapping[str, object], after: list[Any] | None = None
    ) -> tuple[dict[str, Any], str]:
        """Return what to ask for, and the index that serves it: MongoDB is told, so that it never scans a collection."""
        columns, key = self.schema.serving(kind, set(equals)), self.schema.keys[kind]
        if columns != key:
            query: dict[str, Any] = dict(equals)
            bounds: dict[str, Any] = {}
            hint = index_name(self.schema.layouts[kind], columns)
        else:
            start = _key_text([equals[name] for name in key[: len(equals)]])
            query, bounds, hint = {}, {}, _BY_KEY
            if len(equals) == len(key):
                bounds = {"$eq": start}
            elif equals:
                bounds = {"$gte": start + _BETWEEN, "$lt": start + _ESCAPES}
        if after is not None:
            bounds = {name: bound for name, bound in bounds.items() if name != "$gte"} | {"$gt": _key_text(after)}
        return query | ({"_id": bounds} if bounds else {}), hint

    def _selected(
        self, kind: type[Any], plan: Plan, query: Query, names: tuple[str, ...], limit: int, after: Place | None
    ) -> list[tuple[Any, ...]]:
        asked = self._asked(kind, plan, query, after)
        by = [name for name in plan.sort if name not in self.schema.keys[kind]] if not plan.is_key else []
        sort = [(name, -1 if query.descending else 1) for name in (*by, "_id")]
        hint = _BY_KEY if plan.is_key else index_name(self.schema.layouts[kind], plan.columns)
        found = self._trying(
            lambda: list(
                self._collection(kind).find(asked, dict.fromkeys(names, 1), hint=hint, sort=sort, limit=limit, batch_size=limit)
            )
        )
        rows = (_decoded(self.schema.layouts[kind], document) for document in found)
        return [tuple(row.get(name) for name in names) for row in rows]

    def _of_keys(
        self, kind: type[Any], names: tuple[str, ...], keys: list[str | int], leading: tuple[object, ...]
    ) -> list[tuple[Any, ...]]:
        starts = [_key_text([*leading, key]) for key in keys]
        if len(leading) + 1 == len(self.schema.keys[kind]):
            asked: dict[str, Any] = {"_id": {"$in": starts}}
        else:
            asked = {"$or": [{"_id": {"$gte": start + _BETWEEN, "$lt": start + _ESCAPES}} for start in starts]}
        found = self._trying(lambda: list(self._collection(kind).find(asked, dict.fromkeys(names, 1), hint=_BY_KEY)))
        rows = (_decoded(self.schema.layouts[kind], document) for document in found)
        return [tuple(row.get(name) for name in names) for row in rows]

    def _asked(self, kind: type[Any], plan: Plan, query: Query, after: Place | None) -> dict[str, Any]:
        """Return the documents after a place that a query asks for, in MongoDB's words."""
        key, sign = self.schema.keys[kind], "$lt" if query.descending else "$gt"
        asked: dict[str, Any] = self._query(kind, query.equals)[0] if plan.is_key else dict(query.equals)
        for operator, bounds in (("$gte", query.at_least), ("$lt", query.below)):
            for name, bound in bounds.items():
                asked[name] = asked.get(name, {}) | {operator: bound}
        if after is None:
            return asked
        place = {**query.equals, **dict(zip(plan.sort, after, strict=True))}
        last = _key_text([place[name] for name in key])
        if plan.is_key:
            return {"$and": [asked, {"_id": {sign: last}}]}
        by = [name for name in plan.sort if name not in key]
        # After the place by the first field, or equal in it and after the place by the next one, and so on to the key.
        later = [{**{same: place[same] for same in by[:n]}, name: {sign: place[name]}} for n, name in enumerate(by)]
        later.append({**{same: place[same] for same in by}, "_id": {sign: last}})
        return {"$and": [asked, {"$or": later}]}

    def _collection(self, kind: type[Any]) -> Collection[dict[str, Any]]:
        return self._database[self.schema.layouts[kind].name]

    def _encode(self, record: Record) -> tuple[str, str, Any]:
        """Return collection, `_id` and document of a record."""
        import bson
        from bson.raw_bson import RawBSONDocument

        layout = self.schema.layouts[type(record)]
        values = layout.values(record)
        key = [values[name] for name in layout.key]
        plain = {
            name: _escaped(json.loads(value)) if layout.types[name] == "JSON" and value is not None else value
            for name, value in values.items()
        }
        try:
            data = bson.encode({"_id": _key_text(key)} | plain)
        except (bson.errors.BSONError, OverflowError, RecursionError) as err:
            raise StorageError(f"A {layout.kind.__name__} cannot be stored: {err}. Nothing was written.") from err
        if len(data) > MAX_DOCUMENT_BYTES:
            named = ", ".join(map(str, key))
            raise StorageError(
                f"A {layout.kind.__name__} cannot be stored: {named} takes {len(data):,} bytes, and MongoDB keeps at most "
                f"{MAX_DOCUMENT_BYTES:,} in one record. Nothing was written. Make its parts smaller, or keep it in SQLite."
            )
        return layout.name, _key_text(key), RawBSONDocument(data)

    def _prepare(self, migrate: bool) -> None:
        """Make the indexes, or bring what an older program made up to date. Every step may be repeated."""
        states = self._database[_STATE]
        state = states.find_one({"_id": _STATE_ID})
        if state is None:
            self._refuse_foreign()
            made = {"$setOnInsert": {"version": 0, "fields": {}}}
            state = states.find_one_and_update({"_id": _STATE_ID}, made, upsert=True, return_document=True) or {}
        steps = self.schema.steps_from(state["version"], self.place, migrate)
        if state["version"] == self.schema.version and not migrate:
            return
        for kind, layout in self.schema.layouts.items():
            self._add_missing(layout, self.schema.indexes.get(kind, ()), state["fields"].get(layout.name))
        for step in steps:
            if step.mongo:
                step.mongo(self._database)
        fields = {layout.name: list(layout.types) for layout in self.schema.layouts.values()}
        # A newer program may have come in between; its number stays.
        newest = {"_id": _STATE_ID, "version": {"$lte": self.schema.version}}
        states.update_one(newest, {"$set": {"version": self.schema.version, "fields": fields}})

    def _refuse_foreign(self) -> None:
        names = self._database.list_collection_names()
        # Whoever makes the database writes its state first.
        if names and self._database[_STATE].find_one({"_id": _STATE_ID}) is None:
            raise StorageError(
                f"{self.place} is a database of another program (it has {', '.join(sorted(names)[:3])}). "
                "Give database.uri another name after the last slash."
            )

    def _add_missing(self, layout: Layout, indexes: tuple[Columns, ...], known: list[str] | None) -> None:
        """Make the indexes of a kind, and give records made before there was a field its default."""
        collection = self._database[layout.name]
        for index in indexes:
            collection.create_index([*((name, 1) for name in index), ("_id", 1)], name=index_name(layout, index))
        for name in [name for name in layout.types if known is not None and name not in known]:
            value = layout.default(name)
            value = _escaped(json.loads(value)) if layout.types[name] == "JSON" and value is not None else value
            collection.update_many({name: {"$exists": False}}, {"$set": {name: value}})

    def _trying(self, work: Callable[[], T], patience_s: float | None = None) -> T:
        """Do something with the server, again and again as long as what goes wrong may pass."""
        from pymongo.errors import PyMongoError

        give_up, pause = time.monotonic() + (RETRY_S if patience_s is None else patience_s), 0.1
        while True:
            if self._closed.is_set():
                raise StorageError(f"{self.place} has been closed. Open the store again.")
            try:
                return work()
            except PyMongoError as err:
                if not _may_pass(err) or time.monotonic() + pause > give_up:
                    raise self._translated(err) from err
            # Closing the store wakes whoever waits here.
            self._closed.wait(pause)
            pause = min(2 * pause, 3.0)

    def _trying_once(self, record: Record, work: Callable[[], bool]) -> bool:
        """Do something that must not be done twice. Where an answer was lost, the record itself tells whether it was done."""
        attempts = [0]

        def attempt() -> bool:
            attempts[0] += 1
            return work()

        if self._trying(attempt):
            return True
        layout = self.schema.layouts[type(record)]
        values = layout.values(record)
        return attempts[0] > 1 and self.get(type(record), *(values[name] for name in layout.key)) == record

    def _translated(self, err: Exception) -> StorageError:
        from pymongo.errors import ConnectionFailure, OperationFailure

        text = " ".join(str(err).split()).partition(", full error")[0].partition(" (configured timeouts")[0][:300]
        code = err.code if isinstance(err, OperationFailure) else None
        if isinstance(err, ConnectionFailure):
            remedy = "Start the server, or check database.uri; then run the same command again to go on from here."
        elif code in (13, 18):
            remedy = "Check user and password in database.uri."
        elif code == 14031:
            remedy = "Free some space on the server's disk and run the same command again."
        elif "hint" in text:
            remedy = "An index is missing. Run: python -m src db migrate"
        else:
            remedy = "Look into the server's log; then run the same command again."
        if "No servers found" in text or isinstance(err, ConnectionFailure):
            text = f"no server answers ({text})"
        return StorageError(f"{self.place}: {text}. {remedy}")


def _connect(uri: str) -> tuple[MongoClient[dict[str, Any]], str, str]:
    """Return a client, the name of the database, and what to call it in messages."""
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError
    from pymongo.uri_parser import parse_uri

    try:
        parsed = parse_uri(uri)
        name, given = parsed["database"], {option.lower() for option in parsed["options"]}
        if not name:
            raise ConfigError("database.uri names no database. Write mongodb://127.0.0.1:27017/facerec.")
        defaults: dict[str, Any] = {
            "serverSelectionTimeoutMS": round(SELECTION_S * 1000),
            "connectTimeoutMS": round(SELECTION_S * 1000),
            # A server that holds the line and says nothing is as good as gone.
            "socketTimeoutMS": 120_000,
            # Where there are several servers, what was written outlives the loss of one.
            "w": "majority",
            "appname": "facerec",
        }
        client: MongoClient[dict[str, Any]] = MongoClient(
            uri, **{option: value for option, value in defaults.items() if option.lower() not in given}
        )
    except (PyMongoError, ValueError) as err:
        # The address itself is not shown: it may hold a password.
        raise ConfigError(f"database.uri is no address of a MongoDB: {err}. Write mongodb://127.0.0.1:27017/facerec.") from err
    hosts = ",".join(f"{host}:{port}" if port else str(host) for host, port in parsed["nodelist"])
    return client, name, f"mongodb://{hosts}/{name}"


def _may_pass(err: Exception) -> bool:
    from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure

    if isinstance(err, AutoReconnect):
        return True
    if isinstance(err, BulkWriteError):
        faults = [*err.details.get("writeErrors", ()), *err.details.get("writeConcernErrors", ())]
        return bool(faults) and all(fault.get("code") in _PASSING for fault in faults)
    return isinstance(err, OperationFailure) and (err.code in _PASSING or err.has_error_label("RetryableWriteError"))


def _key_text(key: Sequence[Any]) -> str:
    """Return the text of a key, or of its first parts. Texts sort by their bytes as the keys do part by part.

    Parts are joined by a space. Characters up to `!` become `!` and a letter, so that nothing in a part sorts before the space
    that ends it; integers become 16 hexadecimal digits from -2^63 on.
    """
    parts = (f"{part + 2**63:016x}" if isinstance(part, int) else _LOW.sub(_raised, part) for part in key)
    return _BETWEEN.join(parts)


def _raised(found: re.Match[str]) -> str:
    return _ESCAPES + chr(ord("0") + ord(found[0]))


def _decoded(layout: Layout, document: Mapping[str, Any]) -> Row:
    """Return the stored values of a document, mappings and lists as text in JSON form again."""
    return {
        name: json.dumps(_unescaped(document[name])) if stored == "JSON" and document[name] is not None else document[name]
        for name, stored in layout.types.items()
        if name in document
    }


def _escaped(value: Any) -> Any:
    """Return plain values with keys that every MongoDB takes: without dots, dollars and NUL."""
    if isinstance(value, dict):
        return {_ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", key): _escaped(inner) for key, inner in value.items()}
    return [_escaped(inner) for inner in value] if isinstance(value, list) else value


def _unescaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {_ESCAPE.sub(lambda found: chr(int(found[1], 16)), key): _unescaped(inner) for key, inner in value.items()}
    return [_unescaped(inner) for inner in value] if isinstance(value, list) else value
