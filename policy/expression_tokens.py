"""The words of a condition: names, texts, numbers and signs, for whoever looks at one without running it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["name", "text", "number", "sign", "space"]

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<text>[rRbB]{0,2}(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))
  | (?P<number>\d+(?:\.\d+)?u?)
  | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
  | (?P<sign>&&|\|\||[=!<>]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word and where it starts, counted from 0."""

    kind: TokenKind
    text: str
    start: int

    @property
    def string(self) -> str:
        """The value of a plain text literal."""
        return self.text[1:-1]


def tokens(expression: str) -> tuple[Token, ...]:
    """Split a condition into words; space and comments are left out."""
    found = []
    for match in _TOKEN.finditer(expression):
        kind = match.lastgroup
        if kind != "space":
            found.append(Token(kind=kind, text=match.group(), start=match.start()))  # type: ignore[arg-type]
    return tuple(found)


def one_line(expression: str) -> str:
    """Return the condition without comments and line breaks; its meaning is unchanged."""
    words = (" " if match.lastgroup == "space" else match.group() for match in _TOKEN.finditer(expression))
    return "".join(words).strip(" ")
