"""Files that come in chunks, and go on where they stopped: one file an upload, its name and size told beforehand.

The protocol is close to tus 1.0 (https://tus.io): the client makes an upload, asks by HEAD how far it came, and sends the rest
by PATCH from there. A chunk is taken in when all of it is there, so that a client who hangs holds nobody up.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Literal

from ..disk.files import write_json
from ..records import now
from ..workspace import Workspace
from .belonging import give
from .problems import Problem, missing

Kind = Literal["video", "picture"]
_ID = re.compile(r"[0-9a-f]{32}")
_BLOCK = 1 << 20
_ROOM_BYTES = 500_000_000
"""What stays free on the disk whatever clients send."""
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way.

    Attributes:
        upload_id: Nobody guesses it.
        kind: What the file should be.
        filename: As the client called it. `size`: its bytes.
        project, person_id: Whose picture it is; empty for videos.
        created_at: When it began.
        result: `video_id` or `sha256` of what it became; empty as long as it is on its way.
        owner: The project of the token that sends it; empty for one of all projects.
    """

    upload_id: str
    kind: Kind
    filename: str
    size: int
    project: str = ""
    person_id: str = ""
    created_at: str = ""
    result: str = ""
    owner: str = ""


class Uploads:
    """The uploads of a data folder."""

    def __init__(self, workspace: Workspace) -> None:
        """Look at a data folder."""
        self._workspace, self._folder = workspace, workspace.data_dir / "uploads"

    def begin(self, kind: Kind, filename: str, size: int, project: str = "", person_id: str = "", owner: str = "") -> Upload:
        """Begin an upload.

        Raises:
            Problem: The file is too large, too many are on their way, or the disk is full.
        """
        settings = self._workspace.settings
        limit = settings.server.max_upload_bytes if kind == "video" else settings.crawler.max_bytes
        if size > limit:
            raise Problem("request_entity_too_large", f"A {kind} has at most {limit:,} bytes.")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._forget_old()
        if sum(1 for _ in self._folder.glob("*.part")) >= settings.server.max_uploads:
            raise Problem("too_many_requests", "Too many uploads are under way. Finish or delete one.")
        if shutil.disk_usage(self._folder).free < size + _ROOM_BYTES:
            raise Problem("insufficient_storage", "The disk of the server has no room for this file.")
        upload = Upload(secrets.token_hex(16), kind, filename, size, project, person_id, now(), owner=owner)
        self._part(upload.upload_id).touch()
        self._keep(upload)
        return upload

    def get(self, upload_id: str) -> Upload:
        """Return an upload.

        Raises:
            Problem: There is none.
        """
        if not _ID.fullmatch(upload_id):
            raise missing("upload", upload_id)
        try:
            return Upload(**json.loads(self._record(upload_id).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as err:
            raise missing("upload", upload_id) from err

    def offset(self, upload: Upload) -> int:
        """Return how many bytes have arrived."""
        try:
            return upload.size if upload.result else self._part(upload.upload_id).stat().st_size
        except OSError as err:
            raise missing("upload", upload.upload_id) from err

    def append(self, upload: Upload, offset: int, chunk: IO[bytes]) -> int:
        """Add a chunk where the file stands, and return how many bytes have arrived.

        Raises:
            Problem: The file stands elsewhere, or would become larger than was said.
        """
        self._check_offset(upload, offset, self.offset(upload))
        arrived = self._folder / f"{upload.upload_id}.{secrets.token_hex(4)}.chunk"
        try:
            with arrived.open("wb") as file:
                for block in iter(lambda: chunk.read(_BLOCK), b""):
                    if offset + file.tell() + len(block) > upload.size:
                        raise Problem("request_entity_too_large", f"The file was to have {upload.size:,} bytes.")
                    file.write(block)
            with self._alone(upload), self._part(upload.upload_id).open("ab") as whole:
                self._check_offset(upload, offset, whole.tell())
                with arrived.open("rb") as file:
                    shutil.copyfileobj(file, whole, _BLOCK)
                return whole.tell()
        finally:
            arrived.unlink(missing_ok=True)

    def finish(self, upload: Upload) -> Upload:
        """Take in a file that has arrived as a whole, and return the upload with what it became.

        Raises:
            Problem: It is not what it should be; the upload is gone then.
        """
        with self._alone(upload):
            current = self.get(upload.upload_id)
            if current.result:
                return current
            try:
                done = replace(upload, result=self._taken(upload))
            except Exception:
                self.delete(upload)
                raise
            self._part(upload.upload_id).unlink(missing_ok=True)
            self._keep(done)
            return done

    def delete(self, upload: Upload) -> None:
        """Forget an upload; what it became stays."""
        self._record(upload.upload_id).unlink(missing_ok=True)
        self._part(upload.upload_id).unlink(missing_ok=True)

    def _taken(self, upload: Upload) -> str:
        from ..records import Person
        from .intake import take_picture, take_video

        part = self._part(upload.upload_id)
        if upload.kind == "video":
            video = take_video(self._workspace, part, upload.filename)
            give(self._workspace.store, upload.owner, video.video_id)
            return video.video_id
        person = self._workspace.store.get(Person, upload.project, upload.person_id)
        if person is None:
            raise missing("person", upload.person_id)
        return take_picture(self._workspace, person, part.read_bytes(), upload.filename).sha256

    def _check_offset(self, upload: Upload, offset: int, stands: int) -> None:
        if offset != stands:
            detail = f"The upload stands at byte {stands}, not {offset}. Go on from there."
            raise Problem("wrong_offset", detail, headers={"Upload-Offset": str(stands)})

    def _alone(self, upload: Upload) -> AbstractContextManager[None]:
        return self._workspace.locked(f"upload-{upload.upload_id}")

    def _keep(self, upload: Upload) -> None:
        write_json(self._record(upload.upload_id), asdict(upload))

    def _forget_old(self) -> None:
        """Delete what nobody has gone on with for some days."""
        oldest = time.time() - self._workspace.settings.server.upload_days * _DAY_S
        for path in list(self._folder.iterdir()):
            try:
                newest = max(other.stat().st_mtime for other in self._folder.glob(f"{path.name[:32]}.*"))
            except (OSError, ValueError):
                continue
            if newest < oldest:
                path.unlink(missing_ok=True)

    def _record(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}.json"

    def _part(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}.part"
