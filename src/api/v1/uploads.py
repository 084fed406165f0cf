"""Uploads: videos and photos, whole in a form or in chunks that go on where they stopped."""

from __future__ import annotations

import secrets
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response, request, url_for
from pydantic import Field

from ...guard import Outside
from ...records import Role
from .. import shapes
from ..answers import answer, no_content
from ..belonging import give
from ..context import store, workspace
from ..intake import take_video
from ..multipart import sent_file, takes_file
from ..permissions import access, require
from ..problems import Problem
from ..uploads import Kind, Upload, Uploads
from ..validation import Body, Text
from .people import existing_person
from .videos import shape as video_shape

uploads = APIBlueprint("uploads", __name__, url_prefix="/api/v1", tag="Uploads")

CHUNK_TYPE = "application/offset+octet-stream"
_CHUNK = {
    "requestBody": {
        "required": True,
        "content": {CHUNK_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


class NewUpload(Body):
    """A file that will come in chunks."""

    kind: Kind
    filename: Annotated[Text, Outside.KEPT, Field(min_length=1, max_length=300)]
    size: Annotated[int, Field(ge=1, lt=2**53, description="Bytes")]
    project: Annotated[Text, Field(max_length=200, description="Of a picture")] = ""
    person_id: Annotated[Text, Field(max_length=200, description="Of a picture")] = ""


def shape(upload: Upload, offset: int) -> shapes.Upload:
    """Return what is shown of an upload."""
    plain = {name: getattr(upload, name) for name in ("upload_id", "kind", "filename", "size", "project", "person_id")}
    return shapes.Upload(
        **plain, offset=offset, created_at=upload.created_at, complete=bool(upload.result), result=upload.result
    )


@uploads.post("/videos")
@uploads.doc(extensions=takes_file("video/*"))
@uploads.output(shapes.Video, 201)
def add_video() -> Response:
    """Add a video, as multipart/form-data with the part `file`. Larger ones come in chunks, see /uploads."""
    file = sent_file()
    folder = workspace().data_dir / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}.form"
    file.save(path)
    video = take_video(workspace(), path, file.filename or "")
    give(store(), access().project, video.video_id)
    return answer(video_shape(video), 201, location=url_for("videos.get_video", video_id=video.video_id))


@uploads.post("/uploads")
@uploads.input(NewUpload)
@uploads.output(shapes.Upload, 201)
def begin_upload(json_data: NewUpload) -> Response:
    """Begin a file that comes in chunks: say what it is, how it is called and how large it is."""
    if json_data.kind == "picture":
        require(Role.EDITOR, json_data.project)
        existing_person(json_data.project, json_data.person_id)
    elif json_data.project or json_data.person_id:
        raise Problem("invalid", "A video belongs to nobody yet: leave out project and person_id.")
    upload = Uploads(workspace()).begin(
        json_data.kind, json_data.filename, json_data.size, json_data.project, json_data.person_id, access().project
    )
    location = url_for("uploads.get_upload", upload_id=upload.upload_id)
    return _standing(answer(shape(upload, 0), 201, location=location), upload, 0)


@uploads.get("/uploads/<upload_id>")
@uploads.output(shapes.Upload)
def get_upload(upload_id: str) -> Response:
    """Say how far an upload came; Upload-Offset says so too, also to HEAD."""
    found = Uploads(workspace())
    upload = found.get(upload_id)
    offset = found.offset(upload)
    return _standing(answer(shape(upload, offset)), upload, offset)


@uploads.patch("/uploads/<upload_id>")
@uploads.doc(extensions=_CHUNK)
@uploads.output(shapes.Upload)
def append_chunk(upload_id: str) -> Response:
    """Add a chunk at the byte that Upload-Offset names; with the last offset the file is checked and taken in."""
    if request.mimetype != CHUNK_TYPE:
        raise Problem("unsupported_media_type", f"Send a chunk as {CHUNK_TYPE}.")
    found = Uploads(workspace())
    upload = found.get(upload_id)
    given = request.headers.get("Upload-Offset", "")
    if not (given.isascii() and given.isdigit() and len(given) <= 16):
        raise Problem("bad_request", "Send Upload-Offset: the byte at which this chunk begins.")
    offset = int(given)
    if upload.result:
        return _standing(answer(shape(upload, upload.size)), upload, upload.size)
    offset = found.append(upload, offset, request.stream)
    if offset == upload.size:
        upload = found.finish(upload)
    return _standing(answer(shape(upload, offset)), upload, offset)


@uploads.delete("/uploads/<upload_id>")
@uploads.output({}, 204)
def delete_upload(upload_id: str) -> Response:
    """Give an upload up."""
    found = Uploads(workspace())
    found.delete(found.get(upload_id))
    return no_content()


def _standing(response: Response, upload: Upload, offset: int) -> Response:
    response.headers.update({"Upload-Offset": str(offset), "Upload-Length": str(upload.size), "Cache-Control": "no-store"})
    return response
