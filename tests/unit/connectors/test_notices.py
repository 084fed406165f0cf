"""Records of catalogues: EBUCore and Dublin Core, as XML, RDF and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.connectors.asking import Answer
from src.connectors.base import seconds_of
from src.connectors.notices import read_notice
from src.errors import ConfigError, FetchError, MediaError
from tests.servers.archive import LocalArchive

from .archives import connectors_of

EBUCORE = """<?xml version="1.0" encoding="UTF-8"?>
<ebuCoreMain xmlns="urn:ebu:metadata-schema:ebuCore_2015" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <coreMetadata>
    <title><dc:title>Newsreel &amp; "more"</dc:title></title>
    <contributor><contactDetails contactId="http://example.org/p/1"><name>Churchill, Winston</name></contactDetails>
      <role typeLabel="politician"/></contributor>
    <contributor><contactDetails><givenName>Anna</givenName><familyName>Albers</familyName></contactDetails></contributor>
    <date><issued startDate="1958-06-18"/></date>
    <description><dc:description>Of the week</dc:description></description>
    <format><locator>{address}/film.mp4</locator></format>
    <part partName="Paris"><partStartTime><normalPlayTime>PT1M</normalPlayTime></partStartTime>
      <partDuration><normalPlayTime>PT10.5S</normalPlayTime></partDuration>
      <contributor><contactDetails><name>De Gaulle, Charles</name></contactDetails></contributor></part>
    <publicationHistory><publicationEvent><publicationDate startDate="1958-06-20"/>
      <publicationService><publicationServiceName>INA</publicationServiceName></publicationService>
    </publicationEvent></publicationHistory>
  </coreMetadata>
</ebuCoreMain>"""
OAI = """<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2024-01-01</responseDate><GetRecord><record>
<header><identifier>oai:x:1</identifier></header><metadata>
<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>Newsreel &amp; "more"</dc:title><dc:creator>Churchill, Winston</dc:creator><dc:date>1958-06-18</dc:date>
<dc:identifier>urn:x:1</dc:identifier><dc:identifier>{address}/film.mp4</dc:identifier><dc:publisher>INA</dc:publisher>
</oai_dc:dc></metadata></record></GetRecord></OAI-PMH>"""
TURTLE = """@prefix dct: <http://purl.org/dc/terms/> . @prefix ec: <http://www.ebu.ch/metadata/ontologies/ebucore/ebucore#> .
<{address}/p> a ec:Programme ; ec:isInstantiatedBy <{address}/m> ; dct:title "Newsreel & \\"more\\"" ; dct:issued "1958-06-18" ;
  ec:hasContributor <http://example.org/p/1> ; dct:contributor "Anna Albers" ;
  ec:hasPart [ ec:title "Paris" ; ec:start "60" ; ec:end "70.5" ; ec:hasContributor [ ec:agentName "De Gaulle, Charles" ] ] .
<http://example.org/p/1> ec:agentName "Churchill, Winston" ; ec:hasRole "politician" .
<{address}/m> ec:locator "{address}/film.mp4" ."""
RDF_XML = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">
<rdf:Description rdf:about="{address}/film.mp4"><dc:title>Newsreel &amp; "more"</dc:title>
<dc:creator>Churchill, Winston</dc:creator><dc:date>1958-06-18</dc:date>
<dc:identifier>1</dc:identifier></rdf:Description></rdf:RDF>"""
JSON_LD = """{"@context": {"dc": "http://purl.org/dc/terms/", "s": "http://schema.org/"}, "@id": "{address}/m",
"dc:title": "Newsreel & \\"more\\"", "dc:date": "1958-06-18", "dc:creator": "Churchill, Winston", "s:contentUrl": "film.mp4"}"""


class TestNotices:
    @pytest.mark.parametrize(
        ("path", "record", "kind"),
        [
            ("/r.xml", EBUCORE, "application/xml"),
            ("/oai.xml", OAI, "text/xml"),
            ("/r.ttl", TURTLE, "text/turtle"),
            ("/r.rdf", RDF_XML, "application/rdf+xml"),
            ("/r.jsonld", JSON_LD, "application/ld+json"),
            ("/r16.xml", EBUCORE.replace("UTF-8", "UTF-16"), "application/xml"),
        ],
    )
    def test_each_form_says_the_same(self, archive: LocalArchive, path: str, record: str, kind: str) -> None:
        text = record.replace("{address}", archive.address)
        url = archive.put(path, text.encode("utf-16") if "16" in path else text, kind)

        found = connectors_of(archive).resolve(url)

        assert (found.connector, found.locator, found.play) == ("notices", url, f"{archive.address}/film.mp4")
        assert (found.title, found.date) == ('Newsreel & "more"', "1958-06-18")
        assert "Churchill, Winston" in [person["name"] for person in found.metadata()["people"]]

    @pytest.mark.parametrize(("path", "record"), [("/r.xml", EBUCORE), ("/r.ttl", TURTLE)])
    def test_people_and_parts(self, archive: LocalArchive, path: str, record: str) -> None:
        said = connectors_of(archive).resolve(archive.put(path, record)).metadata()

        assert {"name": "Churchill, Winston", "uri": "http://example.org/p/1", "role": "politician"} in said["people"]
        assert {person["name"] for person in said["people"]} == {"Churchill, Winston", "Anna Albers", "De Gaulle, Charles"}
        assert said["segments"] == [
            {"title": "Paris", "start_npt": 60.0, "end_npt": 70.5, "people": [{"name": "De Gaulle, Charles"}]}
        ]

    def test_ebucore_counts_in_frames_and_names_others_below_a_contact(self, archive: LocalArchive) -> None:
        unit = '<editUnitNumber editRate="25" factorNumerator="1000" factorDenominator="1001">{}</editUnitNumber>'
        record = EBUCORE.replace("<normalPlayTime>PT1M</normalPlayTime>", unit.format(1500))
        lasts = '<editUnitNumber editRate="25">250</editUnitNumber>'
        record = record.replace("<normalPlayTime>PT10.5S</normalPlayTime>", lasts)
        record = record.replace(
            "<name>Churchill, Winston</name>",
            "<name>Churchill, Winston</name>"
            "<relatedContacts><contactDetails><name>His agent</name></contactDetails></relatedContacts>",
        ).replace("ebuCore_2015", "ebuCore_2021")
        record = record.replace("<date>", '<type><genre typeLabel="News"/></type><date>')
        said = connectors_of(archive).resolve(archive.put("/r.xml", record)).metadata()

        assert (said["segments"][0]["start_npt"], said["segments"][0]["end_npt"]) == (60.06, 70.06)
        assert "His agent" not in json.dumps(said)
        assert said["genre"] == "News"

    def test_rdf_that_leads_from_the_medium_to_its_programme(self, archive: LocalArchive) -> None:
        turtle = TURTLE.replace("ec:isInstantiatedBy <{address}/m> ;", "").replace(
            "<{address}/m> ec:locator", "<{address}/m> ec:isInstantiationOf <{address}/p> ; ec:locator"
        )

        assert connectors_of(archive).resolve(archive.put("/r.ttl", turtle)).title == 'Newsreel & "more"'

    def test_who_is_named_is_not_what_is_played(self, archive: LocalArchive) -> None:
        turtle = """@prefix dct: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
            <{address}/film.mp4> dct:title "Newsreel" ; dct:creator [ foaf:name "Anna Albers" ], <{address}/ben> .
            <{address}/ben> foaf:name "Ben" ; dct:identifier "0000 0001" ."""

        found = connectors_of(archive).resolve(archive.put("/r.ttl", turtle))

        assert (found.title, found.play) == ("Newsreel", f"{archive.address}/film.mp4")
        assert {name.name for name in found.people} == {"Anna Albers", "Ben"}

    def test_json_ld_of_schema_org_needs_no_fetching(self, archive: LocalArchive) -> None:
        record = {
            "@context": "https://schema.org",
            "@type": "VideoObject",
            "name": "Newsreel",
            "contentUrl": "{address}/film.mp4",
            "uploadDate": "1958-06-18",
            "actor": {"@type": "Person", "@id": "http://www.wikidata.org/entity/Q8016", "name": "Winston Churchill"},
            "hasPart": [{"@type": "Clip", "name": "Paris", "startOffset": 60, "endOffset": 70.5}],
        }
        found = connectors_of(archive).resolve(archive.put("/r.jsonld", record))

        assert (found.play, found.title, found.date) == (f"{archive.address}/film.mp4", "Newsreel", "1958-06-18")
        said = found.metadata()
        assert said["people"] == [{"name": "Winston Churchill", "uri": "http://www.wikidata.org/entity/Q8016"}]
        assert [(one["title"], one["start_npt"], one["end_npt"]) for one in said["segments"]] == [("Paris", 60.0, 70.5)]

    def test_a_date_in_words_is_kept_where_there_is_no_other(self, archive: LocalArchive) -> None:
        url = archive.put("/r.xml", OAI.replace(">1958-06-18<", ">18 juin 1958<"))

        assert connectors_of(archive).resolve(url).date == "18 juin 1958"

    def test_what_else_ebucore_says(self, archive: LocalArchive) -> None:
        said = connectors_of(archive).resolve(archive.put("/r.xml", EBUCORE)).metadata()

        assert (said["description"], said["channel"]) == ("Of the week", "INA")

    @pytest.mark.parametrize(
        ("path", "record", "why"),
        [
            ("/r.xml", "<html><body>login</body></html>", "web page instead of a record"),
            ("/r.xml", "<a><b></a>", "no well-formed XML"),
            ("/r.xml", "<a><b/></a>", "no record in EBUCore or Dublin Core"),
            ("/r.xml", '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "defines entities"),
            ("/r.xml", "<dc><title>T</title></dc>", "it has no locator"),
            ("/r.xml", "<dc><title>T</title><locator>file:///etc/passwd</locator></dc>", r"no http\(s\) address"),
            ("/r.xml", OAI.replace("<GetRecord>", "<error code='idDoesNotExist'>No such id</error><GetRecord>"), "No such id"),
            ("/r.xml", f"<ListRecords>{OAI}{OAI}</ListRecords>", "describes 2 videos"),
            ("/r.ttl", "<a> <b> .", "cannot be read as turtle"),
            ("/r.ttl", "<http://a> <http://b#c> 1 .", "describes no video"),
            ("/r.jsonld", '{"@context": "http://127.0.0.1:9/c", "a": 1}', "@context lies elsewhere"),
            ("/r.jsonld", '{"x": [{"@context": ["http://127.0.0.1:9/c"]}]}', "@context lies elsewhere"),
            ("/r.jsonld", '{"@context": [["http://127.0.0.1:9/c"]]}', "@context lies elsewhere"),
            ("/r.jsonld", '{"@context": {"@context": [["http://127.0.0.1:9/c"]]}}', "@context lies elsewhere"),
            (
                "/r.jsonld",
                '{"@context": {"a": {"@id": "x:a", "@context": [["file:///etc/passwd"]]}}}',
                "@context lies elsewhere",
            ),
            ("/r.jsonld", "{", "no well-formed JSON-LD"),
        ],
    )
    def test_what_is_no_record(self, archive: LocalArchive, path: str, record: str, why: str) -> None:
        with pytest.raises((ConfigError, FetchError, MediaError), match=why):
            connectors_of(archive).resolve(archive.put(path, record))

    def test_a_file_plays_what_lies_beside_it(self, archive: LocalArchive, tmp_path: Path) -> None:
        record = tmp_path / "film.xml"
        record.write_text(EBUCORE.replace("{address}/", ""))
        with pytest.raises(MediaError, match="no file in its folder"):
            connectors_of(archive).resolve(str(record))
        (tmp_path / "film.mp4").touch()
        found = connectors_of(archive).resolve(str(record))
        assert (found.locator, found.play, found.title) == (
            str(tmp_path / "film.mp4"),
            str(tmp_path / "film.mp4"),
            'Newsreel & "more"',
        )

    @pytest.mark.parametrize("written", ["film é.mp4#t=1,2", "./film é.mp4#t=1,2", "film%20%C3%A9.mp4#t=1,2"])
    def test_a_file_is_named_as_a_path_or_as_an_address(self, archive: LocalArchive, tmp_path: Path, written: str) -> None:
        (tmp_path / "film é.mp4").touch()
        for element in ("identifier", "locator"):
            record = tmp_path / "film.xml"
            record.write_text(f"<dc><title>Newsreel</title><{element}>{written}</{element}></dc>", encoding="utf-8")
            found = connectors_of(archive).resolve(str(record))
            assert (found.play, str(found.fragment)) == (str(tmp_path / "film é.mp4"), "t=1,2")

    @pytest.mark.parametrize("written", ["..%2Fsecret.mp4", "%2e%2e/secret.mp4", "./../secret.mp4", "%2Ftmp%2Fa.mp4"])
    def test_an_encoded_path_leads_nowhere_else(self, archive: LocalArchive, tmp_path: Path, written: str) -> None:
        (tmp_path / "secret.mp4").touch()
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "film.xml").write_text(f"<dc><title>A</title><locator>{written}</locator></dc>")
        with pytest.raises(MediaError, match="no file in its folder"):
            connectors_of(archive).resolve(str(tmp_path / "in" / "film.xml"))

    def test_a_part_of_the_medium_is_kept(self) -> None:
        answer = Answer(b"<dc><title>T</title><locator>http://x/film.mp4#t=1,2</locator></dc>", "", "")

        assert read_notice("r.xml", answer).locators == ["http://x/film.mp4#t=1,2"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("263", 263.0),
        ("12.5", 12.5),
        ("0:04:23.5", 263.5),
        ("04:23", 263.0),
        ("00:04:23,5", 263.5),
        ("00:04:23:12", 263.48),
        ("PT4M23.5S", 263.5),
        ("P1DT1H", 90000.0),
        ("", None),
        ("P", None),
        ("PT", None),
        ("PT0S", 0.0),
        ("-3", None),
        ("soon", None),
        ("1e3", 1000.0),
        ("2.63E2", 263.0),
        ("1e99", None),
        ("P0Y0M0DT0H4M23S", 263.0),
        ("P1M", None),
        ("9" * 400, None),
        ("9" * 5000 + ":00:01", None),
        ("9" * 5000 + ":00:00:01", None),
        ("PT" + "9" * 5000 + "H", None),
        ("\u0661", None),
    ],
)
def test_times_of_catalogues(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds
