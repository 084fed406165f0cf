"""The connectors of an installation whose archives are all a local one, and what these archives hold."""

from __future__ import annotations

from typing import Any

from src.connectors import Connectors
from src.settings import (
    AntractSettings,
    FetchSettings,
    LimecraftSettings,
    MemadSettings,
    Settings,
    SourcesSettings,
)
from tests.servers.archive import LocalArchive

MEDIA = "http://www.ina.fr/media/AFE86003905"
PROGRAMME = "http://data.memad.eu/fr2/7h30/programme"
LOCAL = FetchSettings(allow_networks=("127.0.0.1/32",))
CANVAS = {
    "id": "https://example.org/canvas/1",
    "type": "Canvas",
    "label": {"en": ["Reel 1"]},
    "duration": 60,
    "items": [
        {
            "type": "AnnotationPage",
            "items": [
                {
                    "type": "Annotation",
                    "motivation": "painting",
                    "body": {"id": "{address}/film.mp4", "type": "Video", "format": "video/mp4", "duration": 60},
                    "target": "https://example.org/canvas/1",
                }
            ],
        }
    ],
}
MANIFEST: dict[str, Any] = {
    "@context": "http://iiif.io/api/presentation/3/context.json",
    "id": "{address}/manifest.json",
    "type": "Manifest",
    "label": {"fr": ["Actualités"], "en": ["Newsreel"]},
    "summary": {"none": ["<p>Of the <b>week</b></p>"]},
    "navDate": "1958-06-18T00:00:00Z",
    "rights": "http://creativecommons.org/licenses/by/4.0/",
    "metadata": [
        {"label": {"en": ["Contributors"]}, "value": {"none": ["Churchill, Winston", "Anna Albers"]}},
        {"label": {"en": ["Channel"]}, "value": {"none": ["INA"]}},
    ],
    "items": [CANVAS],
    "structures": [
        {
            "type": "Range",
            "label": {"en": ["All"]},
            "items": [
                {
                    "id": "https://example.org/range/2",
                    "type": "Range",
                    "label": {"en": ["Paris"]},
                    "items": [{"id": "https://example.org/canvas/1#t=10,20", "type": "Canvas"}],
                }
            ],
        }
    ],
}


def connectors_of(archive: LocalArchive, fetch: FetchSettings = LOCAL, **changes: Any) -> Connectors:
    """Return the connectors whose archives are all the local one."""
    said: dict[str, Any] = {
        "fetch": fetch,
        "sources": SourcesSettings(timeout_s=5, total_s=10),
        "antract": AntractSettings(endpoint=archive.endpoint, media_base=f"{archive.address}/films"),
        "memad": MemadSettings(endpoint=archive.endpoint),
        "limecraft": LimecraftSettings(address=archive.limecraft, user=archive.account[0], password=archive.account[1]),
    }
    return Connectors.of(Settings(**(said | changes)), None)
