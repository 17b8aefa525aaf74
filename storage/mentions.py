"""Finding and striking out the names of a person in stored text."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Text, func, or_
from sqlalchemy import cast as sql_cast

STRUCK_OUT = "[erased]"


class Mentions:
    """Finds ids and names as whole words in stored text, however their letters are cased."""

    def __init__(self, dialect: str, terms: Collection[str]) -> None:
        self._dialect = dialect
        self._spellings = sorted({spelling for term in terms for spelling in _spellings(term)}, key=len)[::-1]
        words = "|".join(map(re.escape, self._spellings))
        self._pattern = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)

    def likely_in(self, columns: Collection[Column[Any]]) -> ColumnElement[bool]:
        """Return a condition that leaves out most rows without a mention, and none with one."""
        return or_(*(self._contains(column, each) for column in columns for each in self._spellings))

    def are_in(self, stored: bytes | str | None) -> bool:
        """Say whether the donor is mentioned."""
        return stored is not None and self._pattern.search(_text(stored)) is not None

    def struck_out(self, stored: bytes | str | None) -> bytes | str | None:
        """Return the text without its mentions."""
        if stored is None:
            return None
        struck = self._pattern.sub(STRUCK_OUT, _text(stored))
        return struck if isinstance(stored, str) else struck.encode()

    def _contains(self, column: Column[Any], sought: str) -> ColumnElement[bool]:
        if self._dialect == "postgresql":
            binary = isinstance(column.type, LargeBinary)
            text: ColumnElement[str] = func.convert_from(column, "UTF8") if binary else column
            return func.strpos(func.lower(text), sought.lower()) > 0
        # SQLite knows the case of ASCII letters only, so other letters are looked for as they are given.
        text = sql_cast(column, Text)
        return or_(func.instr(text, sought) > 0, func.instr(func.lower(text), _ascii_lower(sought)) > 0)


def _text(stored: bytes | str) -> str:
    return stored if isinstance(stored, str) else bytes(stored).decode(errors="replace")


def _ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _spellings(term: str) -> set[str]:
    """Return how *term* may be written: as it is, in JSON, and in JSON that is quoted in JSON."""
    in_json = json.dumps(term)[1:-1]
    return {term, json.dumps(term, ensure_ascii=False)[1:-1], in_json, json.dumps(in_json)[1:-1]}
