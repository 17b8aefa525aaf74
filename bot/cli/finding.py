"""One line of `countersign doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it stands, what was found or what to do."""

    what: str
    level: Level
    text: str

    def line(self) -> str:
        """Return it as it is printed."""
        shown = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}[self.level]
        return f"{shown}  {self.what:<22} {self.text}"


def good(what: str, text: str) -> Finding:
    """Return a check that holds."""
    return Finding(what, "ok", text)


def warning(what: str, text: str) -> Finding:
    """Return something that works and should not stay as it is."""
    return Finding(what, "warn", text)


def bad(what: str, text: str) -> Finding:
    """Return a check that does not hold, with the remedy."""
    return Finding(what, "fail", text)
