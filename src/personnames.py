"""Names of people as catalogues write them: `Churchill, Winston`, `Churchill Winston`, `Sir Winston Churchill` are one name."""

from __future__ import annotations

import re
import unicodedata

_TITLES = (
    "sir dame lord lady dr prof mr mrs ms miss m mme mlle monsieur madame mademoiselle docteur doctor professor professeur "
    "herr frau senor senora signor signora hon rt"
)
_COURTESY = frozenset(_TITLES.split())
"""Titles that are no part of a name, without their full stop. Pope and king are not among them: nobody is called less."""
_REMARK = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_YEARS = re.compile(r",?\s*\b\d{3,4}\s*[-\u2013]\s*(?:\d{3,4})?\s*$")


def given_first(name: str) -> str:
    """Return a name as people say it: `Churchill, Sir Winston (1874-1965)` becomes `Winston Churchill`.

    White space becomes one blank; a name that is nothing but titles stays as it is.
    """
    plain = _YEARS.sub("", _REMARK.sub(" ", unicodedata.normalize("NFC", name)))
    parts = [part.strip() for part in plain.split(",") if part.strip()]
    words = " ".join(reversed(parts)).split()
    kept = words
    while len(kept) > 1 and _bare(kept[0]) in _COURTESY:
        kept = kept[1:]
    return " ".join(kept) or " ".join(name.split())


def name_key(name: str) -> tuple[str, ...]:
    """Return what names of one person have in common: their words without titles and accents, in small letters, sorted.

    The order says nothing, since `Churchill Winston` and `Winston Churchill` are one; a name of no letters is itself.
    """
    text = _plain(given_first(name)).replace("\u2019", "'")
    words = sorted(word for word in re.split(r"[\s.,]+", text) if word and word not in _COURTESY)
    return tuple(words) or (name,)


def spellings(name: str) -> tuple[str, ...]:
    """Return the ways to look a person up, the likeliest first: as said, with two words the other way round, as written."""
    said = given_first(name)
    words = said.split()
    turned = " ".join(reversed(words)) if len(words) == 2 and "," not in name else said
    return tuple(dict.fromkeys((said, turned, " ".join(name.split()))))


def _bare(word: str) -> str:
    return _plain(word).rstrip(".")


def _plain(text: str) -> str:
    """Return a text in small letters without accents."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
