"""A local server that is an archive: a SPARQL endpoint, Limecraft, IIIF manifests, records, pages of a site, and the media.

    with local_archive(ANTRACT_GRAPH) as archive:
        archive.endpoint                              # answers queries as SPARQL 1.1 Protocol and JSON Results say
        archive.fault = "html"                        # until further notice
        archive.put("/manifest.json", {...})          # JSON, text or bytes under a path
        archive.put("/film.mp4", film, "video/mp4")   # in ranges, as media are

The graphs are real ones, asked by rdflib: a query that is wrong finds nothing here either.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_LONGEST_S = 20.0
PAGE = b"<!DOCTYPE html><html><body><h1>503 Service Unavailable</h1></body></html>"


@dataclass
class LocalArchive:
    """The server and what it was told.

    Attributes:
        graph: Turtle that the endpoint answers from.
        login: User and password that the endpoint wants; None for nobody. `media_login`: those that media want.
        account: Those of Limecraft.
        fault: How the endpoint fails: `slow`, `html`, `empty`, `malformed`, `huge`, `missing`, `redirect`, `list`, `get` (knows
            no POST), `moved` (to another path) or a status. `xml`, `csv` and `tsv` answer so, whatever is asked for.
        expired: How many tokens are refused from now on although they were given out.
        asked: Methods and paths, in order; queries are in `queries`.
        break_after: Bytes after which each answer with media breaks off, one entry an answer.
        statuses: What media are answered with first, 0 for the file itself.
    """

    graph: str = ""
    login: tuple[str, str] | None = None
    media_login: tuple[str, str] | None = None
    account: tuple[str, str] = ("ann@example.org", "sesame")
    fault: str = ""
    expired: int = 0
    asked: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    break_after: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    address: str = ""
    closing: threading.Event = field(default_factory=threading.Event)
    _files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _redirects: dict[str, str] = field(default_factory=dict)
    _tokens: set[str] = field(default_factory=set)
    _given: int = 0

    @property
    def endpoint(self) -> str:
        """Address of the SPARQL endpoint."""
        return f"{self.address}/sparql"

    @property
    def limecraft(self) -> str:
        """Address of the API of Limecraft."""
        return f"{self.address}/api"

    def put(self, path: str, content: Any, kind: str = "") -> str:
        """Answer a path with JSON, text or bytes, and return its address."""
        if not isinstance(content, str | bytes):
            content, kind = json.dumps(content), kind or "application/ld+json"
        data = content.encode() if isinstance(content, str) else content
        self._files[path] = kind or "text/plain; charset=utf-8", data.replace(b"{address}", self.address.encode())
        return self.address + path

    def redirect(self, path: str, target: str) -> str:
        """Answer a path by another address, and return its own."""
        self._redirects[path] = target
        return self.address + path

    def count(self, what: str) -> int:
        """Return how often something was asked for, as `GET /path`."""
        return self.asked.count(what)

    # --- inside ---------------------------------------------------------------------------------------------------

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        """Answer a request."""
        path = urlsplit(handler.path).path
        self.asked.append(f"{handler.command} {path}")
        if path == "/sparql" and self.fault == "moved":
            handler.send_response(301)
            handler.send_header("Location", "/moved/sparql")
            handler.end_headers()
        elif path in ("/sparql", "/moved/sparql"):
            self._answer_query(handler, body)
        elif path == "/api/login":
            self._log_in(handler, body)
        elif path.startswith("/api/"):
            self._answer_limecraft(handler, path)
        elif path in self._redirects:
            handler.send_response(302)
            handler.send_header("Location", self._redirects[path])
            handler.end_headers()
        elif path in self._files and self._files[path][0].startswith("video/"):
            self._answer_media(handler, *self._files[path])
        elif path in self._files:
            _send(handler, 200, *self._files[path])
        else:
            _send(handler, 404, "text/html", b"<html>nothing here</html>")

    def _answer_query(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if not _is_welcome(handler, self.login):
            _send(handler, 401, "text/plain", b"who are you?")
            return
        query = parse_qs(body.decode() or urlsplit(handler.path).query)["query"][0]
        self.queries.append(query)
        if self.fault == "get" and handler.command == "POST":
            _send(handler, 405, "text/plain", b"")
            return
        assert "application/sparql-results+json" in handler.headers["Accept"]
        results = "application/sparql-results+json"
        rows = b'{"head": {"vars": []}, "results": {"bindings": %s}}'
        if self.fault == "slow":
            self.closing.wait(_LONGEST_S)
        elif self.fault == "redirect":
            handler.send_response(302)
            handler.send_header("Location", "http://127.0.0.2/latest/meta-data")
            handler.end_headers()
        elif self.fault.isdigit():
            _send(handler, int(self.fault), "text/html", PAGE)
        elif self.fault in _FORMS:
            _send(handler, 200, _FORMS[self.fault], self._results(query, self.fault))
        elif self.fault and self.fault not in ("get", "moved"):
            _send(handler, 200, *{
                "html": ("text/html", PAGE),
                "empty": (results, rows % b"[]"),
                "malformed": (results, b'{"head": {"vars": ["locator"]}, "results": {"bindings": [{"loc'),
                "list": (results, b"[1, 2]"),
                "missing": (results, rows % b'[{"title": {"type": "literal", "value": "A title"}}]'),
                "huge": (results, rows % (b"[" + b'{"title": {"type": "literal", "value": "x"}},' * 240_000 + b"{}]")),
            }[self.fault])  # fmt: skip
        else:
            _send(handler, 200, results, self._results(query))

    def _results(self, query: str, form: str = "json") -> bytes:
        from rdflib import Graph

        graph = Graph()
        graph.parse(data=self.graph.replace("{address}", self.address), format="turtle")
        found = graph.query(query)
        if form == "tsv":
            rows = [[term.n3() if term is not None else "" for term in row] for row in found]  # type: ignore[union-attr]
            names = [f"?{name}" for name in found.vars or ()]
            return "\n".join("\t".join(cells) for cells in [names, *rows]).encode()
        said = found.serialize(format=form)
        assert said is not None
        return said

    def _log_in(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if (form.get("username"), form.get("password")) != self.account:
            _send(handler, 401, "application/json", b'{"message": "Bad credentials"}')
            return
        self._given += 1
        token = f"token-{self._given}"
        self._tokens.add(token)
        _send(handler, 200, "application/json", json.dumps({"token": token, "userId": 7}).encode())

    def _answer_limecraft(self, handler: BaseHTTPRequestHandler, path: str) -> None:
        """Answer as the API does: `/production/N/mo/M/moa`, then `…/moi`, then `…/download`."""
        token = parse_qs(urlsplit(handler.path).query).get("access_token", [""])[0]
        if self.expired:
            self.expired -= 1
            self._tokens.discard(token)
        if token not in self._tokens:
            _send(handler, 401, "application/json", b'{"message": "Token expired"}')
        elif path in self._files:
            _send(handler, 200, *self._files[path])
        elif path.endswith("/moa"):
            moi = {"id": 1, "hrefs": {"moi": self.address + path.removesuffix("a") + "i"}}
            _send(handler, 200, "application/json", json.dumps(moi).encode())
        elif path.endswith("/moi"):
            link = self.address + path.removesuffix("moi") + "download"
            media = [{"mimeType": "image/jpeg", "hrefs": {}}, {"mimeType": "video/mp4", "hrefs": {"downloadLink": link}}]
            _send(handler, 200, "application/json", json.dumps(media).encode())
        else:
            _send(handler, 200, "text/plain", f"{self.address}/film.mp4?signature=s3cret".encode())

    def _answer_media(self, handler: BaseHTTPRequestHandler, kind: str, data: bytes) -> None:
        status = self.statuses.pop(0) if self.statuses else 0 if _is_welcome(handler, self.media_login) else 401
        if status:
            _send(handler, status, "text/plain", b"gone for a moment")
            return
        asked = handler.headers.get("Range", "")
        first = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        handler.send_response(206 if asked else 200)
        if asked:
            handler.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        handler.send_header("ETag", '"1"')
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data) - first))
        handler.end_headers()
        stop = first + self.break_after.pop(0) if self.break_after else None
        handler.wfile.write(data[first:stop])


_FORMS = {"xml": "application/sparql-results+xml", "csv": "text/csv; charset=utf-8", "tsv": "text/tab-separated-values"}


def _is_welcome(handler: BaseHTTPRequestHandler, login: tuple[str, str] | None) -> bool:
    """Say whether a request has the login that is wanted."""
    wanted = None if login is None else "Basic " + base64.b64encode(":".join(login).encode()).decode()
    return handler.headers.get("Authorization") == wanted if wanted else True


def _send(handler: BaseHTTPRequestHandler, status: int, kind: str, data: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


@contextmanager
def local_archive(graph: str = "", **said: Any) -> Iterator[LocalArchive]:
    """Run the server for the time of a test."""
    archive = LocalArchive(graph, **said)

    class Handler(BaseHTTPRequestHandler):
        timeout = _LONGEST_S

        def do_GET(self) -> None:
            try:
                archive.answer(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            except (BrokenPipeError, ConnectionResetError):
                return  # the client has had enough

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    archive.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield archive
    finally:
        archive.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


ANTRACT_GRAPH = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix core: <http://www.ina.fr/core#> .
@prefix ina: <http://www.ina.fr/notice.owl#> .
@prefix antract: <http://www.ina.fr/antract#> .
<http://www.ina.fr/analysis/1> a antract:AntractAnalysis ;
  core:document <http://www.ina.fr/media/AFE86003905> ;
  core:layer [ core:segment <http://www.ina.fr/notice/summary1> ] ;
  core:layer [ core:segment <http://www.ina.fr/notice/7>, <http://www.ina.fr/notice/8> ] .
<http://www.ina.fr/media/AFE86003905> core:instance [ core:http_url "/Media/AF/AFE86003905.mp4" ] .
<http://www.ina.fr/notice/summary1> a ina:NoticeSommaire ;
  rdfs:label "Les Actualités françaises du 18 juin 1958" ; ina:aPourDateDiffusion "1958-06-18" .
<http://www.ina.fr/notice/7> a ina:NoticeSujet ; rdfs:label "Sir Winston Churchill à Paris" ;
  core:beginTime "1.0" ; core:endTime "2.0" ;
  ina:imageContient <http://www.ina.fr/thesaurus/pp/1>, <http://www.ina.fr/thesaurus/pp/2> .
<http://www.ina.fr/notice/8> a ina:NoticeSujet ; rdfs:label "L'hommage \\"éternel\\"" ;
  core:beginTime "2.0" ; ina:aPourParticipant <http://www.ina.fr/thesaurus/pp/3> .
<http://www.ina.fr/thesaurus/pp/1> rdfs:label "Churchill, Winston" ; ina:aPourNoteQualite "homme politique" .
<http://www.ina.fr/thesaurus/pp/2> rdfs:label "De Gaulle, Charles" .
<http://www.ina.fr/thesaurus/pp/3> rdfs:label "Sir Winston Churchill" .
<http://www.ina.fr/analysis/2> a antract:AntractAnalysis ; core:document <http://www.ina.fr/media/OTHER> .
<http://www.ina.fr/media/OTHER> core:instance [ core:http_url "/Media/OTHER.mp4" ] .
"""
"""A newsreel of two subjects, in the terms of INA's ontologies; the last two people are one by two names."""

MEMAD_GRAPH = """
@prefix ebucore: <http://www.ebu.ch/metadata/ontologies/ebucore/ebucore#> .
<http://data.memad.eu/fr2/7h30/programme> a ebucore:TVProgramme ;
  ebucore:isInstantiatedBy <http://data.memad.eu/fr2/7h30/media> ;
  ebucore:title "7h30 le journal" ; ebucore:description "Le journal du matin" ;
  ebucore:hasContributor <http://data.memad.eu/agent/1> ;
  ebucore:hasPart <http://data.memad.eu/fr2/7h30/part1> .
<http://data.memad.eu/fr2/7h30/media> a ebucore:MediaResource ;
  ebucore:locator "{address}/api/production/2336/mo/809429/moa" .
<http://data.memad.eu/publication/1> ebucore:publishes <http://data.memad.eu/fr2/7h30/programme> ;
  ebucore:publicationStartDateTime "2014-05-20T07:30:00Z" ;
  ebucore:isReleasedBy [ ebucore:publicationChannelName "France 2" ] .
<http://data.memad.eu/agent/1> ebucore:agentName "Le Saint, Sophie" ; ebucore:hasRole "presenter" .
<http://data.memad.eu/fr2/7h30/part1> a ebucore:Part ; ebucore:title "Titres" ;
  ebucore:start "0.5" ; ebucore:end "1.5" ; ebucore:hasContributor <http://data.memad.eu/agent/2> .
<http://data.memad.eu/agent/2> ebucore:agentName "Obama, Barack" .
"""
"""A programme of MeMAD whose medium Limecraft keeps."""
