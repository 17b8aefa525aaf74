"""Writing down what policy said and the facts it was asked on, to be explained and rehearsed later."""

from __future__ import annotations

from typing import Any

from handlers.context import Arrived
from handlers.proposals.ruling import Ruling
from handlers.record.evidence import SYSTEM
from handlers.rules.shadowing import note_comparisons
from policy.fact_row import row_form
from policy.recorded import excerpt_of
from storage.appending import AuditEntry, Excerpt
from storage.transaction import Transaction


def ruled(ruling: Ruling | None) -> dict[str, Any]:
    """Return what an entry keeps of asking the rules again, so that this too can be decided once more later.

    Where nobody asked them there is nothing.
    """
    if ruling is None:
        return {}
    return {
        "decision": ruling.decision.model_dump(mode="json"),
        "decision_facts": ruling.facts.model_dump(mode="json"),
    }


def note_ruling(
    tx: Transaction,
    arrived: Arrived,
    kind: str,
    ruling: Ruling,
    *,
    subject: str,
    owner_id: str | None,
    actor: str = SYSTEM,
    correlation_id: str | None = None,
    **payload: Any,
) -> None:
    """Append an entry of *kind*, one of DECISION_KINDS, about *subject* (a donor id), with the ruling in it.

    *owner_id* is whose relationship it is. What a candidate in the shadow would have said is kept beside it.
    """
    correlation_id = correlation_id or arrived.correlation_id
    tx.audit.append(
        AuditEntry(
            id=arrived.ids.new(),
            at=arrived.now,
            kind=kind,
            correlation_id=correlation_id,
            subject=subject,
            actor=actor,
            payload={
                **payload,
                "owner_id": owner_id,
                **ruled(ruling),
            },
            excerpt=Excerpt(row_form(), excerpt_of(ruling.facts, ruling.decision.outcome, owner_id)),
        )
    )
    note_comparisons(tx, ruling.shadow, arrived.ids, arrived.now, correlation_id)
