"""What happened to a decision while somebody was working on a version of it."""

from __future__ import annotations

from handlers.context import Context
from handlers.outcomes import Notice
from handlers.show_evidence import evidence_line
from storage.escalations import Escalation
from storage.transaction import Transaction

OTHERWISE = "The decision is no longer what it was when you opened the form."
MEANWHILE = "While you were editing: {story}."
AGAIN = "Nothing was changed by you. Press Edit on the card again; what you wrote is still in the form."
MOST_STEPS = 3
_STEPS = frozenset(
    {
        "escalation.edited",
        "escalation.approval_given",
        "escalation.deferred",
        "escalation.reopened",
        "escalation.changed_since",
        "escalation.escalated",
        "escalation.reassigned",
    }
)


async def meanwhile(escalation: Escalation, revision: int, context: Context) -> Notice:
    """Say what became of *escalation* since it was at *revision*; each step of a decision is one revision."""
    steps = await context.database.read(lambda tx: _steps(tx, escalation))
    newest = steps[-min(MOST_STEPS, max(escalation.revision - revision, 1)) :]
    text = MEANWHILE.format(story="; ".join(newest)) if newest else OTHERWISE
    return Notice(text=text, next_step=AGAIN)


def _steps(tx: Transaction, escalation: Escalation) -> list[str]:
    told = (evidence_line(e) for e in tx.audit.by_correlation(escalation.correlation_id) if e.kind in _STEPS)
    return [f"{line.what} by {line.who}" for line in told if line]
