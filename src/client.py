"""A thin client of the API: what a script needs to read, edit, upload and wait, and no more.

client = Client("http://127.0.0.1:5000")
for person in client.items("/projects/p/people"):
    print(person["name"])
video = client.upload("film.mp4")
job = client.wait(client.submit("p", "track", video_id=video["video_id"]))
client.edit(f"/videos/{video['video_id']}", title="A journey")
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from .errors import ApiError

_CHUNK_BYTES = 8_000_000
_PIECE_BYTES = 1 << 18
_CHUNK_TYPE = "application/offset+octet-stream"
_LIVE = ("queued", "running")
_PASSING = ("too_many_streams", "store_unavailable", "too_many_requests")
"""What the server says when it will do in a moment what it cannot do now."""
_AGAIN_S, _SILENT_S = 1.0, 45.0


class Client:
    """Speaks with one server. Paths are those of docs/api.md, without `/api/v1`."""

    def __init__(self, url: str, token: str | None = None, timeout_s: float = 60.0) -> None:
        """Keep where the server is; nothing is sent yet.

        Args:
            url: Address of the server, `http://127.0.0.1:5000`.
            token: Where the server asks for one. It travels in a header, never in an address.
            timeout_s: Longest wait for an answer.
        """
        self._root, self._timeout_s = f"{url.rstrip('/')}/api/v1", timeout_s
        self._session = requests.Session()
        if token is not None:
            self._session.headers["Authorization"] = f"Bearer {token}"
            # Without it a line of ~/.netrc, `default` among them, would take the place of the token.
            self._session.auth = lambda prepared: prepared

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON of a resource.

        Raises:
            ApiError: The server refuses, or does not answer.
        """
        return self._send("GET", path, params=parameters).json()

    def content(self, path: str, **parameters: Any) -> bytes:
        """Return a picture, a video or an export as it is.

        Raises:
            ApiError: The server refuses, or does not answer.
        """
        return self._send("GET", path, params=parameters).content

    def items(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield all items of a list, page by page."""
        while True:
            page = self.get(path, **parameters)
            yield from page["items"]
            if page.get("next") is None:
                return
            parameters["cursor"] = page["next"]

    def post(self, path: str, **body: Any) -> Any:
        """Send a JSON body, and return the JSON of the answer.

        Raises:
            ApiError: The server refuses, or does not answer.
        """
        return self._send("POST", path, json=body).json()

    def edit(self, path: str, **changes: Any) -> Any:
        """Change fields of a resource as it is now, and return it as it is then.

        Raises:
            ApiError: Somebody changed it in between: `precondition_failed`; or the server refuses for another reason.
        """
        etag = self._send("GET", path).headers["ETag"]
        return self._send("PATCH", path, json=changes, headers={"If-Match": etag}).json()

    def upload(self, path: str | Path, *, project: str = "", person_id: str = "") -> Any:
        """Send a file in chunks: a video or, where a person is given, a photo of them. Returns the record that it became.

        Raises:
            ApiError: The file is not what it should be, or too large.
        """
        path, picture = Path(path), bool(person_id)
        begun = {"kind": "picture" if picture else "video", "filename": path.name, "size": path.stat().st_size}
        upload = self.post("/uploads", **begun, project=project, person_id=person_id)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                headers = {"Upload-Offset": str(upload["offset"]), "Content-Type": _CHUNK_TYPE}
                upload = self._send("PATCH", f"/uploads/{upload['upload_id']}", data=chunk, headers=headers).json()
        return self.get(f"/projects/{project}/images/{upload['result']}" if picture else f"/videos/{upload['result']}")

    def save(self, file: str | Path, path: str, **parameters: Any) -> Path:
        """Write a picture, a video or an export into a file, however large it is, and return the file.

        Args:
            file: Replaced where it is there; only once all has come.
            path: As in `get`.
            **parameters: As in `get`.

        Raises:
            ApiError: The server refuses, does not answer, or breaks off.
        """
        file = Path(file)
        part = file.with_name(f"{file.name}.part")
        try:
            with self._send("GET", path, params=parameters, stream=True) as answer, part.open("wb") as written:
                for piece in answer.iter_content(_PIECE_BYTES):
                    written.write(piece)
            part.replace(file)
        except requests.RequestException as err:
            raise ApiError(0, "no_answer", f"{self._root}{path} broke off: {err}. Ask again.") from err
        finally:
            part.unlink(missing_ok=True)
        return file

    def send(self, path: str, file: str | Path, parameters: Mapping[str, Any] | None = None, **fields: Any) -> Any:
        """Send a file in a form, and return the JSON of the answer: a file to import, or a photo to search for.

        Args:
            path: As in `get`.
            file: The file.
            parameters: Of the query: `top` of a search.
            **fields: Further parts of the form: `format`, `dry_run` of an import.

        Raises:
            ApiError: The file is not what it should be, or too large.
        """
        with Path(file).open("rb") as opened:
            form = {"files": {"file": (Path(file).name, opened)}, "data": {name: str(value) for name, value in fields.items()}}
            return self._send("POST", path, params=parameters, **form).json()

    def decide(
        self,
        project: str,
        verb: str,
        *,
        track: str = "",
        unknown_id: int = 0,
        decision_id: str = "",
        target: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Any:
        """Say something of a track, an unknown person or a decision (`undo`), and return what that changed.

        Args:
            project: Whose.
            verb: `is`, `is_not`, `ignore`, `same_person`, `undo` …
            track: The `id` of a track.
            unknown_id: Number of an unknown person.
            decision_id: Of a decision.
            target: Anything else, as docs/decisions.md writes it.
            **more: `person`, `name`, `other`, `npt`, `author`.

        Raises:
            ApiError: It cannot be said.
        """
        of: Mapping[str, Any] = {"kind": "decision", "decision_id": decision_id}
        if track:
            of = {"kind": "track", "track": track}
        elif unknown_id:
            of = {"kind": "unknown", "unknown_id": unknown_id}
        return self.post(f"/projects/{project}/decisions", verb=verb, target=target or of, **more)

    def submit(self, project: str, kind: str, *, idempotency_key: str = "", webhook: str = "", **params: Any) -> Any:
        """Have something done, and return the job.

        Args:
            project: Whose.
            kind: What: `track`, `train`, `export` …
            idempotency_key: Who submits the same again with the same key gets the same job.
            webhook: An address that is told when the job ends.
            **params: Those of the kind.

        Raises:
            ApiError: There is no such kind of work, or these are not its parameters.
        """
        body = {"kind": kind, "params": params, **({"webhook": webhook} if webhook else {})}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self._send("POST", f"/projects/{project}/jobs", json=body, headers=headers).json()

    def follow(self, job_id: str, after: int = 0) -> Iterator[dict[str, Any]]:
        """Yield what happens to a job until it has ended: each event once, whatever connections break in between.

        Args:
            job_id: Of the job.
            after: The number of the last event that is known.

        Raises:
            ApiError: There is no such job, or the server did not answer for as long as the client waits for anything.
        """
        last, heard = str(after), time.monotonic()
        while True:
            try:
                for name, mark, data in self._events(f"/jobs/{job_id}/stream", last):
                    if name == "end":
                        return
                    last = mark
                    yield json.loads(data)
                heard = time.monotonic()
            except ApiError as err:
                passes = err.status == 0 or err.code in _PASSING
                if not passes or time.monotonic() - heard >= self._timeout_s:
                    raise
            time.sleep(_AGAIN_S)

    def wait(self, job: dict[str, Any], poll_s: float = 1.0) -> Any:
        """Wait until a job has ended, and return it; look at its status.

        Raises:
            ApiError: The server does not answer.
        """
        while job["status"] in _LIVE:
            time.sleep(poll_s)
            job = self.get(f"/jobs/{job['job_id']}")
        return job

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        """Close at the end of a `with` block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close, whatever happened."""
        self.close()

    def _events(self, path: str, last: str) -> Iterator[tuple[str, str, str]]:
        """Yield the name, id and data of the events of a stream, until it breaks off.

        Raises:
            ApiError: The server refuses, or does not answer.
        """
        # A stream is never silent for longer: a comment comes in between.
        how = {"stream": True, "timeout": (self._timeout_s, max(self._timeout_s, _SILENT_S))}
        with self._send("GET", path, headers={"Last-Event-ID": last}, **how) as answer:
            fields: dict[str, str] = {}
            try:
                # Byte by byte: else a library may wait for more than has come.
                for line in answer.iter_lines(chunk_size=1):
                    name, _, value = line.decode().partition(": ")
                    if line:
                        fields[name] = value
                    elif "data" in fields:
                        yield fields["event"], fields["id"], fields["data"]
                        fields = {}
            except requests.RequestException:
                return  # gone on with from the last event

    def _send(self, method: str, path: str, **how: Any) -> requests.Response:
        try:
            answer = self._session.request(method, f"{self._root}{path}", **{"timeout": self._timeout_s, **how})
        except requests.RequestException as err:
            raise ApiError(0, "no_answer", f"{self._root} does not answer: {err}. Check address and server.") from err
        if answer.status_code >= 400:
            problem = answer.json() if answer.headers.get("Content-Type", "").endswith("json") else {}
            detail = problem.get("detail", answer.reason)
            raise ApiError(answer.status_code, problem.get("code", "error"), f"{method} {path}: {detail}")
        return answer
