"""Who is meant by a name: people bear one, and are known by others that somebody else may bear."""

from __future__ import annotations

from collections.abc import Iterable

from ..names import display_name
from ..records import Person


def called(people: Iterable[Person]) -> dict[str, Person]:
    """Return the person that each folder, name and alias stands for.

    A folder or a name is nobody else's, whatever aliases archives and knowledge graphs give to others: "George Bush" is he who
    is called so, and not his son. Of several with the same alias it is the first.
    """
    found: dict[str, Person] = {}
    known = list(people)
    for person in known:
        found.setdefault(person.person_id, person)
    for person in sorted(known, key=lambda one: one.name != display_name(one.person_id)):  # before those renamed to it
        found.setdefault(person.name, person)
    for person in known:
        for alias in person.aliases:
            found.setdefault(alias, person)
    return found
