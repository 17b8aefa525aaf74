"""Whether a question is about somebody other than the donor whose record would answer it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from policy.donor import DonorRecord
from policy.nicknames import may_be_the_same
from policy.spoken_dates import MONTHS, WEEKDAYS

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|[^\w\s]|\d+")
_POSSESSIVE = re.compile(r"['’]s$")
_NAMES_NOBODY = """
    what what's who who's whom whose where where's when when's why how how's which it it's that that's there
    there's here here's let let's she she's he he's they we you i any all the a an this last first largest
    biggest total next tell show list compare please also ok could should shall might must but so if or not
    no yes her his their our my your mr mrs ms dr prof sir madam pledge balance gift gifts donor donation
    lifetime giving household owner stage tier campaign consent task tasks summary fiscal year fund
    christmas easter thanksgiving ramadan hanukkah english slack god
"""
_PARTICLES = frozenset("van von der den de la di da du zu al bin".split())  # noqa: SIM905
_ABOUT_PEOPLE = frozenset(
    "did does do has have had is was are were can may will would than about from of with and".split()  # noqa: SIM905
)
"""Words after which a single word with a capital is taken for a name."""
_NO_NAMES = _ABOUT_PEOPLE | set(_NAMES_NOBODY.split()) | {each.casefold() for each in (*MONTHS, *WEEKDAYS)}


def somebody_else(question: str, record: DonorRecord) -> str | None:
    """Return the name in *question* of somebody whom *record* is not about; None where there is none.

    Only what is written like a name counts: two words with a capital, or one beside words that ask about
    people. A name that stands in the record is no other donor's, unless a member of the household has it.
    """
    donor = record.donor
    own = _words(donor.name, donor.first_name, donor.last_name)
    known = _words(*_texts(record))
    household = [_words(each.name) for each in record.household_members]
    for name in _names(question):
        words = _words(name)
        others = {word for word in words - own if not _is_short_for(word, donor.first_name.casefold())}
        if others and (not others <= known or any(words <= member for member in household)):
            return name
    return None


def _names(question: str) -> Iterator[str]:
    run: list[str] = []
    before = ""
    for word in (*_WORD.findall(question), "."):
        bare = _POSSESSIVE.sub("", word)
        if _is_name(bare) or (run and bare in _PARTICLES):
            run.append(bare)
            if bare == word:
                continue
        if len(run) > 1 or (run and (before in _ABOUT_PEOPLE or bare != word)):
            yield " ".join(run)
        run, before = [], word.casefold()


def _is_name(word: str) -> bool:
    return len(word) > 1 and word[0].isupper() and not word.isupper() and word.casefold() not in _NO_NAMES


def _is_short_for(word: str, first: str) -> bool:
    return bool(first) and (first.startswith(word) or (first[0] != word[0] and may_be_the_same(word, first)))


def _texts(record: DonorRecord) -> Iterator[str]:
    """Yield whatever a question may rightly name: people, campaigns and what was written down."""
    yield from (each.name for each in record.household_members)
    yield from (each.name for each in record.campaigns)
    yield from (each.text for each in record.notes)
    yield from (f"{each.subject} {each.body}" for each in record.interactions)
    yield from (each.title for each in record.tasks)
    yield record.owner.name if record.owner else ""
    yield record.household.name if record.household else ""


def _words(*texts: str) -> frozenset[str]:
    return frozenset(word for text in texts for word in re.findall(r"[^\W\d_]+", _plain(text)))


def _plain(text: str) -> str:
    """Return *text* without case and accents: whoever asks may not have them on the keyboard."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
