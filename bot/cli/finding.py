"""One line of `countersign doctor`."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Literal

WIDTH = 80
MOST_INDENT = 24
Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it stands, what was found or what to do."""

    what: str
    level: Level
    text: str

    def line(self, width: int = WIDTH) -> str:
        """Return it as it is printed, in as many lines of *width* as it takes."""
        shown = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}[self.level]
        return folded(f"{shown}  {self.what:<17} ", self.text, width)


def folded(beginning: str, text: str, width: int = WIDTH) -> str:
    """Return *text* after *beginning*, its further lines below the first one; no word is broken."""
    return textwrap.fill(
        text,
        width,
        initial_indent=beginning,
        subsequent_indent=" " * min(len(beginning), MOST_INDENT),
        break_long_words=False,
        break_on_hyphens=False,
    )


def good(what: str, text: str) -> Finding:
    """Return a check that holds."""
    return Finding(what, "ok", text)


def warning(what: str, text: str) -> Finding:
    """Return something that works and should not stay as it is."""
    return Finding(what, "warn", text)


def bad(what: str, text: str) -> Finding:
    """Return a check that does not hold, with the remedy."""
    return Finding(what, "fail", text)
