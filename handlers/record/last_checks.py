"""What the daily checks of the evidence found the last time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.transaction import Transaction

REPLAYED, VERIFIED = "replay_result", "verify_result"
"""Where the settings keep the results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastChecks:
    """What the last replay and the last verification found; the times are None before the first of each.

    *same* and *differ* count decisions, *entries* the sealed entries that are right, *checkpoints* those that
    agree; *first_bad* is the number of the first entry that is wrong and *what* is wrong with it;
    *lost* are the first and last numbers of entries that declared restores lost.
    """

    replayed_at: datetime | None = None
    same: int = 0
    differ: int = 0
    verified_at: datetime | None = None
    ok: bool = True
    entries: int = 0
    checkpoints: int = 0
    first_bad: int | None = None
    what: str = ""
    lost: tuple[tuple[int, int], ...] = ()


def last_checks(tx: Transaction) -> LastChecks:
    """Return the results of the last time, for digests and for `countersign doctor`."""
    replay, verified = _stored(tx, REPLAYED), _stored(tx, VERIFIED)
    return LastChecks(
        replayed_at=_moment(replay),
        same=replay.get("same", 0),
        differ=replay.get("differ", 0),
        verified_at=_moment(verified),
        ok=verified.get("ok", True),
        entries=verified.get("entries", 0),
        checkpoints=verified.get("checkpoints", 0),
        first_bad=verified.get("first_bad"),
        what=verified.get("what") or "",
        lost=tuple((first, last) for first, last in verified.get("lost", ())),
    )


def _stored(tx: Transaction, key: str) -> dict[str, Any]:
    found = tx.settings.get(key)
    return found if isinstance(found, dict) else {}


def _moment(result: dict[str, Any]) -> datetime | None:
    return datetime.fromisoformat(result["at"]) if result else None
