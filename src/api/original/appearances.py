"""`/appearance/<person>`: every moment at which somebody was seen, over all videos of a project."""

from __future__ import annotations

from flask import Blueprint, Response

from ...identities.called import called
from ...records import Person
from ..answers import plain_json
from ..context import store
from ..kept import answer_kept
from ..problems import missing
from .parameters import project_of_query

appearances = Blueprint("appearances", __name__)


@appearances.get("/appearance/<person>")
def list_appearances(person: str) -> Response:
    """List the samples of a person, by video and time.

    They are those of the tracks that the person appears in: what people decided holds here too, with confidence 1.
    """
    from .samples import revision, samples_of

    found = _person(project_of_query().project, person)

    def make() -> bytes:
        return plain_json(samples_of(store(), found))

    return answer_kept(("original appearance", found.project, found.person_id), revision(store(), found), make)


def _person(project: str, name: str) -> Person:
    """Return a person by name, alias or folder.

    Raises:
        Problem: The project knows nobody of that name.
    """
    person = called(store().find(Person, project=project)).get(name)
    if person is None:
        raise missing("person", name)
    return person
