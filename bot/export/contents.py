"""What an export holds for whom: everything, proofs alone, or what a donor may see of their own data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Audience = Literal["compliance", "auditor", "donor"]

REASONS = {
    "removed": "the donor was erased, or the time of retention was over; the log records which",
    "redacted": "rewritten when a person named in it was erased; the export of the whole log shows it",
    "audience": "whoever this export is for does not see payloads",
    "own_words": "said in plain words in your-data.csv instead",
    "older_seal": "sealed before each payload could be proven by itself",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which entries: of one donor, of a period, or all; *start* inclusive, *end* exclusive, UTC."""

    donor_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Say whether no entry is left out."""
        return self == Scope()


def own_words(kind: str, payload: Mapping[str, Any]) -> list[str]:
    """Return what an entry says about the donor that is theirs to see.

    Only what is listed here: no ratings, no confidence, no internal notes, no other donors, no opinions.
    """
    match kind:
        case "recommendation.decided":
            return [str(payload.get("happened", ""))]
        case "summary.generated":
            claims = payload.get("summary", {}).get("claims", [])
            return [str(claim["claim"]["text"]) for claim in claims]
        case "action.executed" | "action.undone":
            return [
                f"{change['field']}: {change['before']} -> {change['after']}"
                for change in payload.get("changes", [])
            ]
    return []


_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, also in the full width that East Asian spreadsheets take for the same."""


def formula_safe(text: str) -> str:
    """Return *text* so that no spreadsheet takes it for a formula."""
    begins = text.lstrip().lstrip("\ufeff\u200b\u200c\u200d\u2060").lstrip()
    return f"'{text}" if begins.startswith(_FORMULA) or text[:1] in ("\t", "\r", "\n") else text
