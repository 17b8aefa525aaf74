"""Keeping why somebody overruled a proposal: a code that is counted, and their own words apart from it."""

from __future__ import annotations

from handlers.context import Arrived
from policy.override_reasons import GivenReason, Override
from storage.escalations import Changes
from storage.overrides import OverrideEntry
from storage.transaction import Transaction


def count_override(
    tx: Transaction,
    arrived: Arrived,
    escalation_id: str,
    override: Override,
    reason: GivenReason | None,
    by_user: str,
) -> None:
    """Count the override for the digests; what was said in somebody's own words is not kept there."""
    tx.overrides.add(
        OverrideEntry(
            id=arrived.ids.new(),
            escalation_id=escalation_id,
            override=override,
            reason=reason.code if reason else None,
            by_user=by_user,
            at=arrived.now,
        )
    )


def shown_reason(reason: GivenReason | None) -> Changes:
    """Return what the card needs to say why."""
    return Changes(
        reason_code=reason.code.value if reason else None, reason_text=reason.text if reason else None
    )


def audited_reason(reason: GivenReason | None) -> dict[str, str | None]:
    """Return the reason as an audit entry holds it: the code, the code in words, and the person's words."""
    if reason is None:
        return {"reason_code": None}
    return {"reason_code": reason.code.value, "reason": reason.label, "text": reason.text}
