"""Finding donors by name, e-mail or id: accent- and case-insensitive, words in any order, best first."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

from .model import Donor

_APOSTROPHES = dict.fromkeys(map(ord, "'’ʼ`´‘ʻ"))
# Letters that Unicode does not decompose into a base letter and a mark.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})
_SIMILAR = 0.6
_SUGGESTIONS = 5


def fold(text: str) -> str:
    """Lower case without accents and apostrophes, everything but letters and digits turned into spaces."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES).casefold())
    letters = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(letters).translate(_PLAIN).split())


def find(donors: Iterable[Donor], text: str) -> list[Donor]:
    """The donors that *text* may mean, best first; an exact id or e-mail gives that donor alone.

    A merged donor is found by its id only. Among equals the living come first, then the larger givers.
    """
    everyone = list(donors)
    exact = _exactly(everyone, text.strip())
    if exact:
        return exact
    words = fold(text).split()
    if not words:
        return []
    scored = [(_score(words, donor), donor) for donor in everyone if donor.merged_into is None]
    return [donor for score, donor in sorted(scored, key=_rank) if score > 0]


def near(donors: Iterable[Donor], text: str) -> list[Donor]:
    """Up to five donors whose names look like *text*, the most similar first."""
    wanted = fold(text)
    if not wanted:
        return []
    scored = [(_similarity(wanted, fold(d.name)), d) for d in donors if d.merged_into is None]
    return [donor for score, donor in sorted(scored, key=_rank) if score >= _SIMILAR][:_SUGGESTIONS]


def _exactly(donors: list[Donor], text: str) -> list[Donor]:
    by_id = [donor for donor in donors if donor.id == text]
    wanted = text.casefold()
    by_email = [d for d in donors if d.email and d.email.casefold() == wanted and d.merged_into is None]
    return by_id or by_email


def _rank(scored: tuple[float, Donor]) -> tuple[float, bool, int, str]:
    score, donor = scored
    return (-score, donor.deceased, -donor.rollups.lifetime_giving.minor, donor.id)


def _score(words: list[str], donor: Donor) -> float:
    """4 the whole name, 3 every word is a word of the name, 2 every word starts one, 0 otherwise."""
    name = fold(donor.name).split()
    if words == name:
        return 4
    if sorted(words) == sorted(name):
        return 3.5
    if all(word in name for word in words):
        return 3
    # A name such as O'Brien is also looked for as "O Brien".
    if all(any(part.startswith(word) for part in name) for word in words) or "".join(words) in name:
        return 2
    return 0


def _similarity(wanted: str, name: str) -> float:
    """How alike two folded names are (0 to 1), word by word where the order differs."""
    whole = SequenceMatcher(None, wanted, name).ratio()
    ordered = SequenceMatcher(None, " ".join(sorted(wanted.split())), " ".join(sorted(name.split()))).ratio()
    parts = name.split()
    by_word = (
        [max(SequenceMatcher(None, w, p).ratio() for p in parts) for w in wanted.split()] if parts else []
    )
    return max(whole, ordered, 0.95 * sum(by_word) / len(by_word) if by_word else 0)
