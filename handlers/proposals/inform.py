"""Inform those whom policy wants informed that decisions wait, without amounts: one message for many."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.answers.answering import post
from handlers.context import Arrived
from handlers.outcomes import Notice
from handlers.proposals.escalation_view import card_of, requirement_of
from handlers.proposals.obligations import duties_of
from handlers.record.evidence import SYSTEM
from policy.organisation import Organisation
from storage.escalations import Escalation
from storage.transaction import Transaction

NOTHING_TO_DO = "You are informed because policy asks for it; there is nothing for you to do."


def inform(
    tx: Transaction, arrived: Arrived, waiting: Sequence[Escalation], organisation: Organisation
) -> None:
    """Tell each role that the rules name about those of *waiting* that they name it for."""
    about: dict[str, list[Escalation]] = {}
    for each in waiting:
        for role in duties_of(requirement_of(each).decision).notify:
            about.setdefault(role, []).append(each)
    for role, those in about.items():
        donor_id = those[0].donor_id if len(those) == 1 else None
        for channel in {p.channel or organisation.review_channel for p in organisation.people_in(role)}:
            notice = Notice(text=_told(those), next_step=NOTHING_TO_DO, reference=arrived.reference)
            post(tx, arrived, notice, channel, by=SYSTEM, donor_id=donor_id)


def _told(waiting: Sequence[Escalation]) -> str:
    cards = [card_of(each) for each in waiting]
    if len(cards) == 1:
        return f"A decision about {cards[0].donor.name} waits for {cards[0].decider}."
    deciders = " and ".join(sorted({card.decider for card in cards}))
    return f"{len(cards)} decisions that you are to know of wait for {deciders}, in one list."
