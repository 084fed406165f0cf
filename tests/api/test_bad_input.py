"""What attackers and broken programs send: each is refused with a code, none is a mistake of the server.

Ways out of folders stand in test_traversal, who sees what in test_belonging, addresses in test_guard_addresses and _fetch.
"""

from __future__ import annotations

import base64
import io
import json
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from src.api import create_app
from src.api.patience import Patience
from src.api.serve import open_server
from src.logs import JsonLines, TextLines
from src.records import KEYS, Image, Person, Project, Track, Video
from src.storage import open_store
from src.workspace import Workspace
from tests.api.conftest import Api, Client
from tests.api.routes import QUERIES, is_stream, known_names, needed_query, short_streams  # noqa: F401 - a fixture
from tests.api.test_people import photo
from tests.contract.conftest import store_uri  # noqa: F401 - a fixture
from tests.videos import numbered, write_video

CHUNK = "application/offset+octet-stream"
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>{{7*7}}"


def unlimited(workspace: Workspace) -> FlaskClient:
    """Return a client of a service without limits of rate."""
    server = workspace.settings.server.model_copy(update={"work_per_minute": 0, "frames_per_minute": 0})
    workspace.settings = workspace.settings.model_copy(update={"server": server})
    app = create_app(workspace)
    app.test_client_class = Client
    return app.test_client()


def operations(client: FlaskClient, known: dict[str, Any], kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and body's schema of each operation that takes a body of a media type."""
    spec = json.loads(client.get("/openapi.json").data)
    for path, words in spec["paths"].items():
        for method, operation in words.items():
            content = operation.get("requestBody", {}).get("content", {})
            if kind in content:
                schema = content[kind]["schema"]
                name = schema.get("$ref", "").rpartition("/")[2]
                yield method.upper(), path.format(**known), spec["components"]["schemas"].get(name, schema)


class TestJson:
    """Bodies of JSON, sent to every route that takes one."""

    DEEP = (
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 10_000,
        b'{"metadata":' + b"[" * 10_000,
    )

    def test_ten_thousand_levels(self, api: Api) -> None:
        client, known = unlimited(api.workspace), known_names(api)
        tried = list(operations(client, known, "application/json"))
        assert len(tried) >= 10
        for method, path, _ in tried:
            for body in self.DEEP:
                answer = client.open(path, method=method, data=body, content_type="application/json")
                assert (answer.status_code, answer.json["code"]) == (400, "bad_json"), (path, answer.text[:200])  # type: ignore[index]

    @pytest.mark.parametrize(("depth", "status"), [(7, 201), (8, 422), (100, 422), (5000, 400)])
    def test_levels_of_what_clients_keep(self, api: Api, depth: int, status: int) -> None:
        body = '{"name": "Eve", "metadata": ' + '{"a":' * depth + "1" + "}" * depth + "}"
        answer = api.client.post("/api/v1/projects/p/people", data=body, content_type="application/json")
        assert answer.status_code == status, answer.text

    def test_deep_cursor(self, api: Api) -> None:
        for deep in (b"[" * 2500, b"[" * 1250 + b"]" * 1250):
            cursor = base64.urlsafe_b64encode(deep).decode()
            api.refused("GET", f"/projects/p/people?cursor={cursor}", 400, "bad_cursor")

    @pytest.mark.parametrize(
        "body", [b"", b"null", b"[]", b'"x"', b"1e999", b"NaN", b"\xff\xfe", b'{"name": "\\ud800"}', b"{" * 5, b"\0"]
    )
    def test_no_object(self, api: Api, body: bytes) -> None:
        client, known = unlimited(api.workspace), known_names(api)
        for method, path, _ in operations(client, known, "application/json"):
            answer = client.open(path, method=method, data=body, content_type="application/json")
            assert answer.status_code in (400, 422, 428), (path, answer.text)

    def test_more_than_a_megabyte(self, api: Api) -> None:
        body = json.dumps({"name": "x" * 2_000_000})
        for path in ("/projects/p/people", "/projects/p/jobs"):
            api.refused("POST", path, 413, "request_entity_too_large", data=body, content_type="application/json")

    @pytest.mark.parametrize(
        "kind",
        [
            "text/plain",
            "text/html",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "",
            "x",
            "application/jsonx",
        ],
    )
    def test_of_another_content_type(self, api: Api, kind: str) -> None:
        client, known = unlimited(api.workspace), known_names(api)
        for method, path, _ in operations(client, known, "application/json"):
            answer = client.open(path, method=method, data=b"{}", content_type=kind)
            assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type"), (path, answer.text)  # type: ignore[index]

    def test_files_of_another_content_type(self, api: Api) -> None:
        client, known = unlimited(api.workspace), known_names(api)
        for kind in ("multipart/form-data", CHUNK):
            tried = list(operations(client, known, kind))
            assert tried
            for method, path, _ in tried:
                for wrong in ("application/json", "text/plain", "", "application/octet-stream"):
                    answer = client.open(path, method=method, data=b"{}", content_type=wrong, headers={"Upload-Offset": "0"})
                    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type"), (path, answer.text)  # type: ignore[index]


class TestOperators:
    """What a database would take for a question of its own, in SQLite and in MongoDB."""

    GIVEN = (
        {"$gt": ""},
        {"$ne": None},
        {"$regex": ".*"},
        {"$where": "sleep(1000)"},
        ["p"],
        "' OR '1'='1",
        'p"; DROP TABLE person; --',
        "p' --",
    )
    PATHS = (
        "/projects/{}",
        "/projects/{}/people",
        "/projects/p/people/{}",
        "/videos/{}",
        "/analyses/{}",
        "/tracks/{}",
        "/jobs/{}",
    )
    FILTERS = frozenset({"person_id", "video_id", "locator", "title", "kind", "project"})
    """Parameters that say which records are listed: those that equal the text, and that is none."""

    @pytest.fixture
    def client(self, api: Api, store_uri: str) -> Iterator[FlaskClient]:  # noqa: F811
        """A client of the same archive in each store."""
        with open_store(store_uri) as store:
            for kind in KEYS:
                for record in api.workspace.store.find(kind):
                    store.put(record)
            workspace = Workspace(api.workspace.settings, store)
            yield unlimited(workspace)
            assert store.count(Person, project="p") == api.workspace.store.count(Person, project="p")

    def test_in_parameters(self, client: FlaskClient, api: Api) -> None:
        known = known_names(api)
        spec = json.loads(client.get("/openapi.json").data)
        tried = 0
        for path, words in spec["paths"].items():
            parameters = words.get("get", {}).get("parameters", [])
            for name in [parameter["name"] for parameter in parameters if parameter["in"] == "query"]:
                for given in self.GIVEN:
                    text = given if isinstance(given, str) else json.dumps(given)
                    for query in ({name: text}, {f"{name}[$gt]": ""}, {f"{name}[$ne]": "x"}, {f"{name}[]": "x"}):
                        answer = client.get(path.format(**known), query_string={**needed_query(path), **query})
                        assert answer.status_code < 500, (path, query, answer.text[:200])
                        if answer.status_code == 200 and name in self.FILTERS and answer.json is not None:
                            assert not answer.json.get("items"), (path, query)
                        tried += 1
        assert tried > 500

    def test_in_paths(self, client: FlaskClient, api: Api) -> None:
        known = known_names(api)
        for given in self.GIVEN:
            text = (given if isinstance(given, str) else json.dumps(given)).replace("?", "")
            for path in self.PATHS:
                answer = client.get("/api/v1" + path.format(text))
                assert answer.status_code == 404, (path, given, answer.text)
        assert client.get(f"/api/v1/videos/{known['video_id']}").status_code == 200

    def test_in_bodies(self, client: FlaskClient, api: Api) -> None:
        known = known_names(api)
        for method, path, schema in operations(client, known, "application/json"):
            for name, field in schema.get("properties", {}).items():
                if "string" not in json.dumps(field) or name in ("metadata", "params", "settings"):
                    continue  # what clients keep is theirs; parameters of jobs are tried below
                for given in self.GIVEN[:4]:
                    answer = client.open(path, method=method, json={name: given}, headers={"If-Match": "*"})
                    assert answer.status_code == 422, (path, name, given, answer.text[:200])
        for given in self.GIVEN[:5]:
            for params in ({"video": given}, {"video_id": given}, {"person": given}, {"keywords": given}):
                for kind in ("track", "cluster", "erase", "crawl", "learn"):
                    answer = client.post("/api/v1/projects/p/jobs", json={"kind": kind, "params": params})
                    assert answer.status_code in (202, 422), (kind, params, answer.text)
                    if answer.status_code == 202:
                        assert (kind, given) == ("crawl", ["p"]), (kind, params)


class TestMedia:
    def test_a_video_named_as_a_picture_and_the_other_way(self, api: Api) -> None:
        film = write_video(api.folder / "x.mp4", numbered(30, first=500)).read_bytes()
        for path, data, name, code in (
            ("/projects/p/people/Ben_Bo/images", film, "photo.jpg", "not_a_picture"),
            ("/projects/p/search/photo", film, "photo.jpg", "not_a_picture"),
            ("/videos", photo(), "film.mp4", "not_a_video"),
            ("/videos", photo(70, "JPEG"), "film.mp4", "not_a_video"),
        ):
            form = {"data": {"file": (io.BytesIO(data), name, "image/jpeg")}, "content_type": "multipart/form-data"}
            refused = api.refused("POST", path, 422, code, **form)
            assert str(api.folder) not in str(refused)
        assert api.workspace.store.count(Video) == 2

    def test_pictures_that_unpack_to_more_than_memory_holds(self, api: Api) -> None:
        for data in (png_of(60_000, 60_000), png_of(2**31 - 1, 2**31 - 1), png_of(1, 2**31 - 1), png_with_text(200_000_000)):
            for path in ("/projects/p/people/Ben_Bo/images", "/projects/p/search/photo"):
                form = {"data": {"file": (io.BytesIO(data), "x.png")}, "content_type": "multipart/form-data"}
                api.refused("POST", path, 422, "not_a_picture", **form)

    def test_a_video_with_pictures_that_no_memory_holds(self, api: Api) -> None:
        crawler = api.workspace.settings.crawler.model_copy(update={"max_pixels": 96 * 96})
        api.workspace.settings = api.workspace.settings.model_copy(update={"crawler": crawler})
        data = write_video(api.folder / "x.mp4", numbered(5, first=700, size=(128, 96))).read_bytes()
        form = {"data": {"file": (io.BytesIO(data), "x.mp4")}, "content_type": "multipart/form-data"}
        assert "pixels" in api.refused("POST", "/videos", 422, "not_a_video", **form)["detail"]

    def test_a_compressed_body_is_not_unpacked(self, api: Api) -> None:
        bomb = zlib.compress(b'{"name": "' + b"x" * 50_000_000 + b'"}')
        for coding in ("gzip", "deflate", "br"):
            sent: dict[str, Any] = {"headers": {"Content-Encoding": coding}, "content_type": "application/json"}
            api.refused("POST", "/projects/p/people", 400, "bad_json", data=bomb[:900_000], **sent)

    def test_more_than_was_announced_or_is_taken(self, api: Api) -> None:
        begun = api.send("POST", "/uploads", 201, json={"kind": "video", "filename": "x", "size": 10})
        path = f"/uploads/{begun['upload_id']}"
        chunk = {"headers": {"Upload-Offset": "0"}, "content_type": CHUNK}
        api.refused("PATCH", path, 413, "request_entity_too_large", data=b"x" * 11, **chunk)
        api.refused("POST", "/uploads", 413, "request_entity_too_large", json={"kind": "video", "filename": "x", "size": 2**52})
        api.app.config["MAX_CONTENT_LENGTH"] = 1000
        api.refused("PATCH", path, 413, "request_entity_too_large", data=b"x" * 1001, **chunk)
        for target in ("/videos", "/projects/p/people/Ben_Bo/images", "/projects/p/search/photo"):
            form = {"data": {"file": (io.BytesIO(b"x" * 5000), "x.mp4")}, "content_type": "multipart/form-data"}
            api.refused("POST", target, 413, "request_entity_too_large", **form)


def png_of(width: int, height: int) -> bytes:
    """Return a PNG that announces a size and holds a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def png_with_text(n_bytes: int) -> bytes:
    """Return a PNG with a text that unpacks to many bytes."""
    from PIL import Image as Pillow

    buffer = io.BytesIO()
    Pillow.new("RGB", (4, 4)).save(buffer, "PNG")
    data = buffer.getvalue()
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(n_bytes // 1_000_000)) + packer.flush()
    text = b"zTXt" + b"k\0\0" + packed
    return data[:33] + (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big") + data[33:]


class TestSlow:
    """A client that does not go on, on a server that listens."""

    @contextmanager
    def served(self, api: Api) -> Iterator[int]:
        app = create_app(api.workspace)
        app.wsgi_app = Patience(app.wsgi_app, 1000, patience_s=0.3, min_bytes_per_s=1e9)  # type: ignore[method-assign]
        with open_server(app, "127.0.0.1", 0) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield server.port
            finally:
                server.shutdown()
                thread.join()

    def test_a_body_that_does_not_come_is_given_up(self, api: Api) -> None:
        upload = api.send("POST", "/uploads", 201, json={"kind": "video", "filename": "x", "size": 1000})["upload_id"]
        heads = [
            f"PATCH /api/v1/uploads/{upload} HTTP/1.1\r\nUpload-Offset: 0\r\nContent-Type: {CHUNK}\r\n",
            "POST /api/v1/projects/p/people HTTP/1.1\r\nContent-Type: application/json\r\n",
            "POST /api/v1/videos HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n",
        ]
        with self.served(api) as port:
            for head in heads:
                with socket.create_connection(("127.0.0.1", port)) as sock:
                    sock.sendall(f"{head}Host: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n--b\r\n".encode())
                    answer = b"".join(iter(lambda: sock.recv(65536), b""))
                assert b" 400 " in answer.splitlines()[0], answer
                assert b"problem+json" in answer
        assert api.get(f"/uploads/{upload}")["offset"] == 0
        folder = api.workspace.data_dir / "uploads"
        assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".part"]

    @pytest.mark.parametrize("name", ["werkzeug.socket", "gunicorn.socket"])
    @pytest.mark.parametrize("announced", [{"CONTENT_LENGTH": "5"}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
    def test_of_both_servers(self, name: str, announced: dict[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs, ours.makefile("rb") as body:
            theirs.sendall(b"abc")
            app = Patience(lambda _environ, _start: [body.read(5)], 5, patience_s=0.05)
            assert list(app({name: ours, **announced}, lambda *_: None)) == [b"abc"]  # type: ignore[dict-item, arg-type, return-value]

    def test_one_that_has_come_is_left_alone(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs, ours.makefile("rb") as body:
            theirs.sendall(b"abcde")
            app = Patience(lambda _environ, _start: [body.read(5)], 5, patience_s=0.2)
            answer = app({"gunicorn.socket": ours, "CONTENT_LENGTH": "5"}, lambda *_: None)  # type: ignore[dict-item, arg-type, return-value]
            assert list(answer) == [b"abcde"]
            answer.close()  # type: ignore[attr-defined]
            timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
            for timer in timers:
                timer.join()
            theirs.sendall(b"next")
            assert body.read(4) == b"next"


class TestInjection:
    """Texts of clients in headers and lines of the log."""

    @pytest.mark.parametrize("text", ["a\r\nSet-Cookie: x=1", "a\nX: y", "a\0b", "\u2028", "ü", "日本", "x" * 5000])
    def test_of_a_file_name(self, api: Api, text: str) -> None:
        data = write_video(api.folder / "x.mp4", numbered(10, first=800)).read_bytes()
        upload = api.client.post("/api/v1/uploads", json={"kind": "video", "filename": f"{text}.mp4", "size": len(data)})
        if upload.status_code == 422:
            assert len(text) > 300
            return
        assert upload.json is not None
        path = f"/uploads/{upload.json['upload_id']}"
        done = api.send("PATCH", path, 200, data=data, content_type=CHUNK, headers={"Upload-Offset": "0"})
        answer = api.client.get(f"/api/v1/videos/{done['result']}/media")
        assert "Set-Cookie" not in answer.headers
        assert "X" not in answer.headers
        assert all("\n" not in value and "\r" not in value for _, value in answer.headers)

    def test_of_a_request_id(self, api: Api) -> None:
        for given in ("x y", "x" * 500, "<script>", "ü", ""):
            answer = api.client.get("/healthz", headers={"X-Request-ID": given})
            assert answer.headers["X-Request-ID"] != given
        assert api.client.get("/healthz", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"

    def test_of_a_path_in_the_log(self, api: Api, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        forged = "x%0A2026-01-01%20INFO%20admin%20signed%20in%1b[2J"
        api.client.get(f"/api/v1/videos/{forged}")
        api.client.get(f"/{forged}", headers={"Authorization": "Bearer \x1b[2J", "User-Agent": "a\tb"})
        for form in (TextLines(), JsonLines()):
            lines = [form.format(record) for record in caplog.records]
            assert len(lines) >= 2
            assert not any(sign in line for line in lines for sign in "\n\r\x1b")

    def test_names_of_every_script_in_headers(self, api: Api) -> None:
        """A page of a list tells where the next one is in the header Link, and what was made in Location."""
        store = api.workspace.store
        for name in ("日本", "Köln", "50%_&_mehr;,<"):
            store.put(Project(name, "fake"), *(Person(name, f"P{n}", f"P {n}") for n in range(3)))
            with TestSlow().served(api) as port, socket.create_connection(("127.0.0.1", port)) as sock:
                path = "/api/v1/projects/" + "".join(f"%{byte:02X}" for byte in name.encode()) + "/people?limit=1"
                sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                answer = b"".join(iter(lambda: sock.recv(65536), b""))
            head = answer.partition(b"\r\n\r\n")[0].decode("ascii")
            assert " 200 " in head.splitlines()[0], head
            link = next(line for line in head.splitlines() if line.lower().startswith("link:"))
            following = link.partition("<")[2].partition(">")[0]
            page = api.client.get(following)
            assert [item["person_id"] for item in page.json["items"]] == ["P1"]  # type: ignore[index]


class TestHtml:
    """Markup in what clients say is text, as JSON, in what the service answers."""

    def test_is_text(self, api: Api) -> None:
        path = "/projects/p/people/Ben_Bo"
        change = {"description": HOSTILE, "metadata": {HOSTILE: HOSTILE}, "aliases": [HOSTILE]}
        api.send("PATCH", path, 200, json=change, headers=api.etag(path))
        video_path = f"/videos/{api.video().video_id}"
        api.send("PATCH", video_path, 200, json={"title": HOSTILE}, headers=api.etag(video_path))
        unknown = "/projects/p/unknown/" + str(api.get("/projects/p/unknown")["items"][0]["unknown_id"])
        api.send("PATCH", unknown, 200, json={"name": HOSTILE}, headers=api.etag(unknown))
        for shown in (
            path,
            video_path,
            unknown,
            "/projects/p/people",
            "/videos",
            "/projects/p/unknown",
            "/projects/p/appearances",
        ):
            for accept in ("text/html", "*/*", "application/json"):
                self.check(api.client.get(f"/api/v1{shown}", headers={"Accept": accept}), "application/json")
        assert api.get(path)["description"] == HOSTILE
        assert api.get(unknown)["name"] == HOSTILE

    def test_in_errors_too(self, api: Api) -> None:
        paths = ("/projects/{}", "/videos/{}", "/nothing/{}", "/projects/p/people?sort={}", "/jobs/{}")
        for shown in (path.replace("{}", HOSTILE) for path in paths):
            self.check(api.client.get(f"/api/v1{shown}", headers={"Accept": "text/html"}), "application/problem+json")

    def check(self, answer: Any, mimetype: str) -> None:
        assert answer.mimetype == mimetype, answer.text[:200]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        json.loads(answer.data)


def test_every_answer_has_the_type_that_it_says(api: Api) -> None:
    """Nothing that a client sent is answered as a page, whatever it looks like."""
    client, known = unlimited(api.workspace), known_names(api)
    spec = json.loads(client.get("/openapi.json").data)
    for path, words in spec["paths"].items():
        if "get" not in words:
            continue
        answer = client.get(path.format(**known), headers={"Accept": "*/*"}, buffered=True)
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.mimetype != "text/html", path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path


def test_no_traceback_leaves_in_any_route(api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever fails inside: here the store, with a secret in its words."""
    client, known = unlimited(api.workspace), known_names(api)

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a-secret-of-the-inside /home/somebody/facerec.db")

    spec = json.loads(client.get("/openapi.json").data)
    with monkeypatch.context() as patch:
        for name in ("get", "find", "select", "cells"):
            patch.setattr(type(api.workspace.store), name, broken)
        for path, words in spec["paths"].items():
            if "get" in words and path != "/api/v1/exports" and not is_stream(words["get"]):
                query = QUERIES.get(path.replace("{", "<").replace("}", ">"), "")
                answer = client.get(path.format(**known) + query)
                assert (answer.status_code, answer.mimetype) in (
                    (500, "application/problem+json"),
                    (200, "application/json"),
                ), path
                assert "secret" not in answer.text
                assert "Traceback" not in answer.text
    caplog.clear()
    assert isinstance(client.application, Flask)
    assert api.workspace.store.count(Track, analysis_id=known["analysis_id"]) > 0
    assert api.workspace.store.count(Image, project="p") > 0
    assert Path(api.video().media).is_file()
