"""Who is meant by a name."""

from __future__ import annotations

from src.identities.called import called
from src.records import Person


def person(person_id: str, name: str, *aliases: str) -> Person:
    return Person("p", person_id, name, aliases)


def test_folder_name_and_aliases() -> None:
    one = person("Ann_Albers", "Anna Albers", "Ann")
    assert called([one]) == dict.fromkeys(("Ann_Albers", "Anna Albers", "Ann"), one)
    assert called([]) == {}


def test_a_name_is_nobody_elses() -> None:
    father, son = person("George_Bush", "George Bush"), person("George_W._Bush", "George W. Bush", "George Bush", "George_Bush")
    for people in ([father, son], [son, father]):
        found = called(people)
        assert (found["George Bush"], found["George_Bush"]) == (father, father)
        assert found["George W. Bush"] == son


def test_of_several_with_one_alias_it_is_the_first() -> None:
    one, two = person("A", "A a", "Boss"), person("B", "B b", "Boss")
    assert called([one, two])["Boss"] == one


def test_who_always_bore_a_name_comes_before_who_was_given_it() -> None:
    renamed, known = person("Ann_Albers", "Elon Musk"), person("Elon_Musk", "Elon Musk")
    assert called([renamed, known])["Elon Musk"] == known
