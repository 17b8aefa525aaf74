"""What policy would let happen unasked waits while somebody decides about the same donor or household."""

from __future__ import annotations

from handlers.context import Arrived
from handlers.proposals.escalation_view import card_of, requirement_of
from handlers.refreshing import refresh_card
from policy.canonical import canonical_json
from policy.decision import Outcome
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction

MOST_NAMED = 5


def human_decisions(tx: Transaction, donor_id: str, household_id: str | None) -> list[Escalation]:
    """Return what people still have to decide about the donor or the household."""
    around = tx.escalations.unsettled_around(donor_id, household_id)
    asked = Outcome.REQUIRE_APPROVAL
    return [each for each in around if requirement_of(each).decision.outcome is asked]


def name_what_waits(tx: Transaction, arrived: Arrived, unasked: Escalation) -> None:
    """Have the cards of those decisions say that *unasked* waits for them."""
    proposal = card_of(unasked).proposal
    for deciding in human_decisions(tx, unasked.donor_id, unasked.household_id):
        card = card_of(deciding)
        if proposal in card.held_back or len(card.held_back) >= MOST_NAMED:
            continue
        card = card.model_copy(update={"held_back": (*card.held_back, proposal)})
        told = tx.escalations.amend(deciding.id, deciding.revision, card=canonical_json(card))
        if told and deciding.state is EscalationState.OPEN:
            refresh_card(tx, arrived, deciding, again=f":{arrived.item_id}")
