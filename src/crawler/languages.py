"""Languages as catalogues write them, `fre`, `fr-FR`, `Français`, as the two letters that Wikidata knows them by.

Source: ISO 639-1 and 639-2, both the bibliographic and the terminological codes.
"""

from __future__ import annotations

import re

_NAMES = {
    "ar": "ara arabic",
    "ca": "cat catalan català",
    "cs": "ces cze czech čeština",
    "da": "dan danish dansk",
    "de": "deu ger german deutsch allemand",
    "el": "ell gre greek",
    "en": "eng english anglais englisch",
    "es": "spa spanish español espagnol spanisch",
    "fi": "fin finnish suomi finnois finnisch",
    "fr": "fra fre french français francais französisch",
    "he": "heb hebrew",
    "hu": "hun hungarian magyar",
    "it": "ita italian italiano italien italienisch",
    "ja": "jpn japanese",
    "nl": "nld dut dutch nederlands néerlandais niederländisch",
    "no": "nor norwegian norsk",
    "pl": "pol polish polski",
    "pt": "por portuguese português portugais",
    "ro": "ron rum romanian română",
    "ru": "rus russian",
    "sv": "swe swedish svenska suédois schwedisch",
    "tr": "tur turkish türkçe",
    "uk": "ukr ukrainian",
    "zh": "zho chi chinese",
}
_CODES = {word: code for code, words in _NAMES.items() for word in words.split()}


def language_code(text: str) -> str:
    """Return the two letters of a language; empty for one that is not known here.

    Args:
        text: A code, a name of the language in itself, English, French or German, or an address that ends with a code.
    """
    word = re.split(r"[/#]", text.strip().rstrip("/"))[-1].casefold()
    first = re.split(r"[-_ ;,(]", word)[0]
    return first if re.fullmatch("[a-z]{2}", first) else _CODES.get(first, "")
