"""Names as catalogues write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.personnames import given_first, name_key, spellings


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Churchill Winston", "Sir Winston Churchill"),
        ("Churchill, Winston", "Winston Churchill (1874-1965)"),
        ("BEN BELLA, Ahmed", "Ahmed Ben Bella"),
        ("François Mitterrand", "Mitterrand, Francois"),
        ("Dr. Çelik Özil", "Özil Çelik"),
    ],
)
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("George Bush", "George W. Bush"), ("Winston Churchill", "Randolph Churchill"), ("Mme Curie", "M. Currie"), ("?", "!")],
)
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
