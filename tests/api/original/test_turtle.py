"""`/track` as Turtle, in the terms of the original."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, XSD

from src.export.rdf import EBUCORE, ITSRDF, MEMAD, NIF, OA
from src.records import (
    Appearance,
    Person,
    Verb,
    Video,
)
from src.verbs import decide
from src.verbs.decide import track_target
from tests.api.conftest import Api

from .asking import ANNA, BEN, get, in_graph, new_film


class TestTurtle:
    ebucore, nif, oa, memad, itsrdf = map(Namespace, (EBUCORE, NIF, OA, MEMAD, ITSRDF))

    def graph(self, api: Api, video: Video, status: int = 200, **parameters: Any) -> Graph:
        answer = api.client.get("/track", query_string={"video": video.locator, "project": "p", "format": "ttl", **parameters})
        assert (answer.status_code, answer.mimetype) == (status, "text/turtle"), answer.text
        return Graph().parse(data=answer.text, format="turtle")

    def test_every_appearance_of_somebody_named(self, api: Api) -> None:
        video = in_graph(api)
        person = api.workspace.store.get(Person, "p", "Ben_Bo")
        assert person is not None
        api.workspace.store.put(replace(person, uri="http://people.example/ben"))
        tracks = get(api, "/track", video=video.locator, project="p")["tracks"]
        graph = self.graph(api, video)
        media = URIRef("http://data.example/media/1")
        assert (media, RDF.type, self.ebucore.MediaResource) in graph
        assert (URIRef("http://data.example/p/1"), self.ebucore.isInstantiatedBy, media) in graph
        assert graph.value(media, DCTERMS.title) == Literal("Les Actualités")
        annotations = list(graph.subjects(RDF.type, self.oa.Annotation))
        assert len(annotations) == len(tracks)
        said = set()
        for annotation in annotations:
            part, body = graph.value(annotation, self.oa.hasTarget), graph.value(annotation, self.oa.hasBody)
            assert (part, RDF.type, self.ebucore.MediaFragment) in graph
            assert (part, self.ebucore.isMediaFragmentOf, media) in graph
            assert (body, RDF.type, self.nif.Annotation) in graph
            assert (body, RDF.type, self.memad.VisualPersonIdentification) in graph
            assert (annotation, self.oa.motivatedBy, self.oa.identifying) in graph
            created, sure = graph.value(annotation, DCTERMS.created), graph.value(body, self.nif.taIdentConf)
            assert (created.datatype, sure.datatype) == (XSD.dateTime, XSD.decimal)  # type: ignore[union-attr]
            assert str(graph.value(body, self.nif.taIdentProv)).startswith("FaceRec ")
            name = str(graph.value(body, RDF.value))
            assert (graph.value(body, self.itsrdf.taIdentRef) is not None) is (name == BEN)
            said.add((str(part), name, float(sure)))  # type: ignore[arg-type]
        assert said == {
            (
                f"{media}#t=npt:{one['start_npt']:.3f},{one['end_npt']:.3f}&xywh={one['bounding']['xywh']}",
                one["name"],
                one["confidence"],
            )
            for one in tracks
        }

    def test_twice_the_same_graph(self, api: Api) -> None:
        assert set(self.graph(api, api.video())) == set(self.graph(api, api.video()))

    def test_a_file_is_named_by_its_bytes(self, api: Api) -> None:
        graph = self.graph(api, api.video())
        (media,) = graph.subjects(RDF.type, self.ebucore.MediaResource)
        assert str(media).startswith("ni:///sha-256;")
        assert str(api.folder) not in graph.serialize()

    def test_what_people_said_is_told_apart(self, api: Api) -> None:
        track = api.track("Unknown 1")
        target = track_target(api.workspace, "p", api.video().locator, track.track_id)
        decide.run(api.workspace, "p", Verb.IS, target, person=ANNA, author="ann")
        graph = self.graph(api, api.video())
        assert len({str(found) for found in graph.objects(None, self.nif.taIdentProv)}) == 2

    def test_running_is_an_empty_graph(self, api: Api) -> None:
        path = new_film(api)
        video = Video("x", str(path), str(path), "x")
        graph = self.graph(api, video, 202)
        assert list(graph.subjects(RDF.type, self.oa.Annotation)) == []
        assert len(list(graph.subjects(RDF.type, self.ebucore.MediaResource))) == 1

    def test_signs_that_turtle_has_another_use_for(self, api: Api) -> None:
        odd = 'A "q" \\ <b> \n {x} | ^ ` 名前 🙂 \u202e'
        video = replace(api.video(), title=odd, metadata={"media": 'http://x.example/a b"<c>{d}|e^`\\名'})
        api.workspace.store.put(video)
        person = api.workspace.store.get(Person, "p", "Ben_Bo")
        assert person is not None
        api.workspace.store.put(replace(person, uri='http://x.example/"><b'))
        for seen in list(api.workspace.store.find(Appearance, project="p", person_id="Ben_Bo")):
            api.workspace.store.put(replace(seen, name=odd))
        graph = self.graph(api, video)
        (media,) = graph.subjects(RDF.type, self.ebucore.MediaResource)
        assert str(media) == "http://x.example/a%20b%22%3Cc%3E%7Bd%7D%7Ce%5E%60%5C名"
        assert graph.value(media, DCTERMS.title) == Literal(odd)
        assert Literal(odd) in set(graph.objects(None, RDF.value))
