"""Masking free text: what we know of the donor first, then what looks like an address, a number or a link."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from policy.account_numbers import passes_luhn, without_account_numbers
from policy.injection import without_hidden_characters

LONGEST_TEXT = 600
_SHORTEST_NAME = 2
_PHONE_DIGITS = range(8, 16)
_CARD_DIGITS = range(13, 20)

_TITLES = frozenset(
    {"dear", "mrs", "miss", "dr", "doctor", "prof", "professor", "herr", "frau", "sir", "lady", "the"}
)
_SPELLED_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ø": "oe", "å": "aa"}
)

_EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(
    r"(?:https?|ftp|file|mailto|tel|data|javascript):\S+|\bwww\.\S+"
    r"|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|co|uk|de|eu|info|biz|me|ly|app|dev|xyz|example|test)\b\S*",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(?<![\w$€£¥.,])\+?\(?\d(?:[ ().\-/\u00a0]{0,2}\d){6,24}(?!\w)")
_STATES = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]"
    "|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
)
# A place to the street: British, Canadian, American, and with the letters of a country before it.
_POSTCODE = re.compile(
    r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d\b"
    rf"|\b(?:{_STATES}),? \d{{5}}(?:-\d{{4}})?\b|\b(?:A|B|CH|D|DK|F|FIN|I|L|N|S)-\d{{4,5}}\b"
)
_BORN = re.compile(
    r"\b(?:born(?: on)?|dob|d\.o\.b\.|date of birth|geboren(?: am)?|née? le)\W{1,3}"
    r"(?:\d{1,2}(?:[./ -]|st|nd|rd|th)+)?(?:\w{1,9}[./, -]+)?\d{2,4}\b",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")


def masked(text: str, known: Mapping[str, str]) -> str:
    """Return text fit for a model: cleaned, cut, known values replaced, detected ones blanked."""
    text = unicodedata.normalize("NFKC", without_hidden_characters(text))
    text = _EMAIL.sub("[email]", text)
    text = _URL.sub("[link]", text)
    text = without_account_numbers(text)
    text = _BORN.sub("[date of birth]", text)
    text = _POSTCODE.sub("[postcode]", text)
    text = _DIGITS.sub(_number, text)
    text = _known(text, known)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _number(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    if _DATE.fullmatch(match[0]):
        return match[0]
    if len(digits) in _CARD_DIGITS and passes_luhn(digits):
        return "[card]"
    return "[phone]" if len(digits) in _PHONE_DIGITS else "[number]"


def _known(text: str, known: Mapping[str, str]) -> str:
    variants = {_folded(value): mask for value, mask in known.items() if len(value.strip()) >= _SHORTEST_NAME}
    if not variants:
        return text
    pattern = "|".join(_spaced(value) for value in sorted(variants, key=len, reverse=True))
    found = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)
    folded, places = _folded_with_places(text)
    parts: list[str] = []
    position = 0
    for match in found.finditer(folded):
        start, end = places[match.start()], places[match.end()]
        parts += [text[position:start], variants[" ".join(match[0].split())]]
        position = end
    return "".join((*parts, text[position:]))


def _spaced(value: str) -> str:
    return r"\s+".join(re.escape(word) for word in value.split(" "))


def _folded(value: str) -> str:
    return " ".join(_folded_with_places(value)[0].split())


def _folded_with_places(text: str) -> tuple[str, list[int]]:
    """Fold case and accents; the second value maps places in the folded text to places in the original."""
    folded: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for plain in unicodedata.normalize("NFKD", char.replace("’", "'")):
            if not unicodedata.combining(plain):
                lowered = plain.lower()
                folded.append(lowered if len(lowered) == 1 else plain)
                places.append(place)
    return "".join(folded), [*places, len(text)]


def name_variants(first: str, last: str, full: str) -> Iterator[str]:
    """Return the ways a person's name is written in notes, with and without umlauts."""
    names = {full, first, last}
    if first and last:
        names |= {f"{last}, {first}", f"{last} {first}", f"{first[0]}. {last}"}
    names |= {part for part in re.split(r"[\s,-]+", full) if _is_telling(part)}
    for name in sorted(filter(None, names)):
        yield name
        if name.translate(_SPELLED_OUT) != name:
            yield name.translate(_SPELLED_OUT)


def _is_telling(part: str) -> bool:
    return len(part) > _SHORTEST_NAME and part[0].isupper() and part.rstrip(".").lower() not in _TITLES
