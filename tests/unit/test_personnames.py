"""Names as catalogues write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.personnames import given_first, name_key, spellings

PAIRS = json.loads(Path(__file__).with_name("personnames.json").read_text(encoding="utf-8"))
"""Names of one person, and of two; the page is held to the same (visualizer/src/lib/personNames.spec.ts)."""


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Churchill, Winston", "Winston Churchill"),
        ("Sir Winston Churchill", "Winston Churchill"),
        ("Churchill, Sir Winston (1874-1965)", "Winston Churchill"),
        ("Churchill, Winston, 1874-1965", "Winston Churchill"),
        ("  M.  Charles   de Gaulle ", "Charles de Gaulle"),
        ("Gaulle, Charles de", "Charles de Gaulle"),
        ("Elisabeth II", "Elisabeth II"),
        ("Pope Francis", "Pope Francis"),
        ("Madonna", "Madonna"),
        ("Sir", "Sir"),
        ("", ""),
    ],
)
def test_the_given_name_comes_first(written: str, said: str) -> None:
    assert given_first(written) == said


@pytest.mark.parametrize(("one", "other"), PAIRS["one"])
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), PAIRS["others"])
def test_other_names_are_not(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_two_words_are_looked_up_both_ways() -> None:
    assert spellings("Churchill Winston") == ("Churchill Winston", "Winston Churchill")
    assert spellings("Churchill, Winston") == ("Winston Churchill", "Churchill, Winston")
    assert spellings("Sir Winston Leonard Churchill") == ("Winston Leonard Churchill", "Sir Winston Leonard Churchill")


@given(st.text(min_size=1, max_size=60))
def test_any_text_has_a_key_and_a_spelling(text: str) -> None:
    assert name_key(text)
    assert name_key(given_first(text)) == name_key(text) or not given_first(text)
    assert spellings(text)
