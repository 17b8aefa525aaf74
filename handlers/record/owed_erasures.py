"""Erasures that are remembered outside of the database, and those of them that it knows nothing of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ErasureLine:
    """What is remembered of an erasure outside of the database: never who the donor was.

    *mark* is `Audit.mark_of` their id, *by* who ordered it, *at* UTC. A back-up from before the erasure
    brings the donor back, and this is how they are found and erased again.
    """

    id: str
    at: datetime
    mark: str
    by: str


def owed(tx: Transaction, lines: Sequence[ErasureLine]) -> list[ErasureLine]:
    """Return the erasures that this database knows nothing of."""
    missing = tx.erasures_done.missing([each.id for each in lines])
    return [each for each in lines if each.id in missing]
