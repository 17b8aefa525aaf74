"""What policy would let happen unasked waits while somebody decides about the same donor or household."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.commands import CrmEventArrived
from handlers.considered import Considered
from handlers.context import Arrived
from handlers.effects import refresh_card
from handlers.escalation_view import card_of, requirement_of
from handlers.evidence import record as write_down
from policy.canonical import canonical_json
from policy.changes import describe
from policy.decision import Outcome
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.paused_steps import PausedStep
from storage.transaction import Transaction

MOST_NAMED = 5


def human_decisions(tx: Transaction, donor_id: str, household_id: str | None) -> list[Escalation]:
    """Return what people still have to decide about the donor or the household."""
    around = tx.escalations.unsettled_around(donor_id, household_id)
    asked = Outcome.REQUIRE_APPROVAL
    return [each for each in around if requirement_of(each).decision.outcome is asked]


def hold_back(tx: Transaction, arrived: Arrived, considered: Considered, names: Mapping[str, str]) -> bool:
    """Have the step wait, if a person is deciding; False when nothing stands in its way."""
    donor = considered.record.donor
    deciding = human_decisions(tx, donor.id, donor.household_id)
    if not deciding:
        return False
    event = canonical_json(CrmEventArrived(event=considered.event))
    remember_step(tx, arrived, donor.id, donor.household_id, event)
    proposal = describe(considered.recommendation.action, names)
    for each in deciding:
        _name_on_card(tx, arrived, each, proposal)
    return True


def remember_step(
    tx: Transaction, arrived: Arrived, donor_id: str, household_id: str | None, event: bytes
) -> None:
    """Remember what is to be considered anew when the people have decided."""
    tx.paused_steps.add(
        PausedStep(
            id=arrived.ids.new(),
            donor_id=donor_id,
            household_id=household_id,
            event=event,
            correlation_id=arrived.correlation_id,
            paused_at=arrived.now,
        )
    )
    write_down(tx, arrived, "automation.held_back", subject=donor_id)


def _name_on_card(tx: Transaction, arrived: Arrived, deciding: Escalation, proposal: str) -> None:
    card = card_of(deciding)
    if proposal in card.held_back or len(card.held_back) >= MOST_NAMED:
        return
    card = card.model_copy(update={"held_back": (*card.held_back, proposal)})
    told = tx.escalations.amend(deciding.id, deciding.revision, card=canonical_json(card))
    if told and deciding.state is EscalationState.OPEN:
        refresh_card(tx, arrived, deciding, again=f":{arrived.item_id}")
