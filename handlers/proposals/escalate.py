"""Put a proposal before a person, or say openly that policy holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from handlers.absence.show_to_stand_in import involve_stand_in
from handlers.context import Arrived
from handlers.decisions.deadline import watch_deadline
from handlers.effects import ExecuteAction
from handlers.enqueueing import enqueue
from handlers.execution.publishing import publish
from handlers.proposals.considered import Considered
from handlers.proposals.escalation_view import requirement_of
from handlers.proposals.flooding import await_grouping, presentation
from handlers.proposals.folding import (
    fold_into,
    is_answered_by,
    is_edited,
    overtaken,
    take_over,
    waiting_in_matter,
)
from handlers.proposals.held_back import name_what_waits
from handlers.proposals.inform import inform
from handlers.proposals.new_escalation import new_card, new_escalation
from handlers.proposals.routing import Route
from handlers.proposals.ruling import Ruling
from handlers.proposals.touches import reserve_touch
from handlers.record.evidence import record as write_down
from handlers.refreshing import refresh_card
from policy.decision import Outcome
from policy.escalation import UNDECIDED, EscalationState
from policy.events import PublishedEventType
from policy.organisation import Organisation
from storage.escalations import Escalation
from storage.transaction import Transaction

BY_POLICY = "the policy in force"


def escalate(
    tx: Transaction,
    arrived: Arrived,
    considered: Considered,
    ruling: Ruling,
    destination: Route,
    names: Mapping[str, str],
    organisation: Organisation,
) -> Escalation | None:
    """Open an escalation with its card, in the place of what waited in the same matter, and return it.

    None when what waits answers it already. Raises Unavailable where that was decided, or the household was
    approached, meanwhile: it is considered anew.
    """
    reserve_touch(tx, considered.record, considered.recommendation.action, ruling)
    matter = waiting_in_matter(tx, considered)
    card = new_card(arrived, considered, ruling, destination, names, organisation)
    same = next((each for each in matter if is_answered_by(each, considered, destination)), None)
    if same:
        fold_into(tx, arrived, same, card, considered, ruling, names)
        return None
    shown = presentation(tx, arrived, considered, ruling, destination, organisation)
    opened = replace(new_escalation(arrived, considered, ruling, destination, card), shown=shown)
    before = [each for each in (*matter, *overtaken(tx, considered)) if not is_edited(each)]
    if before:
        opened = take_over(tx, arrived, before, opened, destination)
    else:
        if shown == "card":
            inform(tx, arrived, [opened], organisation)
        tx.escalations.add(opened)
    if considered.record.donor.deceased:
        _withdraw(tx, arrived, opened)
    _opened(tx, arrived, opened, considered, ruling, destination, organisation)
    return opened


def _opened(
    tx: Transaction,
    arrived: Arrived,
    opened: Escalation,
    considered: Considered,
    ruling: Ruling,
    destination: Route,
    organisation: Organisation,
) -> None:
    write_down(
        tx,
        arrived,
        "escalation.opened",
        subject=opened.donor_id,
        escalation_id=opened.id,
        route=destination.why,
        decider=destination.decider,
        owner_email=destination.decider_email or "",
        due_at=opened.due_at.isoformat(),
        shown=opened.shown,
        replaces=opened.replaces,
    )
    watch_deadline(tx, arrived, opened.id, opened.due_at)
    if opened.shown == "grouped":
        await_grouping(tx, arrived, opened, destination, organisation)
    publish(tx, arrived, PublishedEventType.HANDOFF_REQUIRED, opened.id, ruling, considered.recommendation)
    if requirement_of(opened).decision.outcome is Outcome.ALLOW:
        name_what_waits(tx, arrived, opened)
        _carry_out_unasked(tx, arrived, opened)
    refresh_card(tx, arrived, opened, awaited=considered.is_awaited)
    involve_stand_in(tx, arrived, opened)


def _carry_out_unasked(tx: Transaction, arrived: Arrived, opened: Escalation) -> None:
    moved = tx.escalations.move(
        opened.id,
        (EscalationState.OPEN,),
        EscalationState.APPROVED,
        arrived.now,
        decided_by_name=BY_POLICY,
        decided_at=arrived.now,
    )
    if moved is None:
        return
    write_down(
        tx,
        arrived,
        "escalation.allowed",
        subject=moved.donor_id,
        escalation_id=moved.id,
        policy_version=moved.policy_version,
    )
    key = f"execute:{moved.id}:{moved.action_digest}:{moved.revision}"
    effect = ExecuteAction(escalation_id=moved.id)
    # Not the order of what people approved: this one may have to wait for a decision of theirs.
    enqueue(tx, effect, key=key, order=f"unasked:{moved.donor_id}", arrived=arrived)


def _withdraw(tx: Transaction, arrived: Arrived, opened: Escalation) -> None:
    """Take every other open proposal for a donor who died off the table."""
    for other in tx.escalations.open_for_donor(opened.donor_id):
        if other.id == opened.id:
            continue
        moved = tx.escalations.move(
            other.id, UNDECIDED, EscalationState.SUPERSEDED, arrived.now, successor_id=opened.id
        )
        if moved:
            write_down(
                tx,
                arrived,
                "escalation.withdrawn",
                subject=moved.donor_id,
                correlation_id=moved.correlation_id,
                escalation_id=moved.id,
            )
            refresh_card(tx, arrived, moved)
