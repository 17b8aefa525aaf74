"""A back-up from before an erasure brings the donor back: find and erase whoever was erased since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from handlers.context import Arrived
from handlers.record.erase_donor import ErasureOrder, NotErased, erase_donor
from handlers.record.evidence import SYSTEM
from handlers.record.owed_erasures import ErasureLine, owed
from storage.transaction import Transaction

REASON = "Erased on {day:%d %b %Y} already; a back-up from before was restored."


@dataclass(slots=True)
class ErasedAgain:
    """How many were *erased* once more, how many the database never knew, and why others have to wait."""

    erased: int = 0
    unknown: int = 0
    waiting: list[str] = field(default_factory=list)


def erase_again(tx: Transaction, arrived: Arrived, lines: Sequence[ErasureLine]) -> ErasedAgain:
    """Carry out what is owed; a legal hold or a write under way leaves a donor for the next time.

    Somebody who came back after their erasure is safe: the back-up they are in knows of that erasure.
    """
    done, due = ErasedAgain(), owed(tx, lines)
    donors = tx.audit.donors_by_mark(tx.erasure.donor_ids()) if due else {}
    for line in due:
        donor_id = donors.get(line.mark)
        if donor_id is None:
            done.unknown += tx.erasures_done.note(line.id, arrived.now)
            continue
        order = ErasureOrder(donor_id, line.by, SYSTEM, REASON.format(day=line.at))
        outcome = erase_donor(tx, arrived, order)
        if isinstance(outcome, NotErased):
            done.waiting.append(outcome.why)
            continue
        tx.erasures_done.note(line.id, arrived.now)
        done.erased += 1
    return done
