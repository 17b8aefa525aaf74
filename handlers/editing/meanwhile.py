"""What happened to a decision while somebody was working on a version of it."""

from __future__ import annotations

from datetime import datetime

from handlers.context import Context
from handlers.outcomes import Notice
from handlers.record.show_evidence import evidence_line
from storage.escalations import Escalation
from storage.transaction import Transaction

OTHERWISE = "The decision is no longer what it was when you opened the form."
MEANWHILE = "While you were editing: {story}."
STILL_THERE = "Nothing was changed by you. What you wrote is still in the form; press Edit on the card again."
AGAIN = "Nothing was changed by you. Press Edit on the card again."
MOST_STEPS = 3
_STEPS = frozenset(
    {
        "escalation.edited",
        "escalation.approval_given",
        "escalation.deferred",
        "escalation.reopened",
        "escalation.changed_since",
        "escalation.passed_on",
    }
)


_OTHER_PROPOSAL = frozenset({"escalation.edited"})


async def meanwhile(escalation: Escalation, context: Context, since: datetime | None = None) -> Notice:
    """Say what became of *escalation* *since* then; without that, who last made another proposal of it."""
    steps = await context.database.read(lambda tx: _steps(tx, escalation, since))
    newest = steps[-MOST_STEPS:] if since else steps[-1:]
    text = MEANWHILE.format(story="; ".join(newest)) if newest else OTHERWISE
    return Notice(text=text, next_step=AGAIN if since else STILL_THERE)


def _steps(tx: Transaction, escalation: Escalation, since: datetime | None) -> list[str]:
    kinds = _STEPS if since else _OTHER_PROPOSAL
    entries = tx.audit.by_correlation(escalation.correlation_id)
    recent = [e for e in entries if e.kind in kinds and (since is None or e.at >= since)]
    told = (evidence_line(entry) for entry in recent)
    return [f"{line.what} by {line.who}" for line in told if line]
