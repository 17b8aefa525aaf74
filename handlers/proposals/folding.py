"""One matter, one decision: later events fold into the open card, or a newer card takes its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import timedelta

from handlers.context import Arrived
from handlers.effects import RemindDecider
from handlers.enqueueing import enqueue
from handlers.outcomes import EscalationCard, Execution
from handlers.ports import Unavailable
from handlers.proposals.considered import Considered
from handlers.proposals.escalation_view import Requirement, card_of, requirement_of
from handlers.proposals.new_escalation import seen_now
from handlers.proposals.obligations import duties_of, shown_changes
from handlers.proposals.routing import Route
from handlers.proposals.ruling import Ruling
from handlers.record.evidence import record as write_down
from handlers.refreshing import refresh_card
from policy.canonical import canonical_json
from policy.decision import Outcome
from policy.escalation import UNDECIDED, EscalationState
from policy.matters import THANKS, is_same_step
from storage.escalations import Changes, Escalation
from storage.transaction import Transaction

_S = EscalationState
AT_ONCE = timedelta(milliseconds=50)
IN_PLACE = timedelta(days=1)
"""How old a card may be to be changed where it is; an older one is far up in the channel by now."""
PUT_OFF_BEFORE = "This had been put off until {event}; this has happened since."
MOST_ALSO = 12
BACK_EARLY = "This decision is back before its time, because more happened in the same matter."
KEPT = (
    *("escalation_id", "proposal", "proposal_details", "undo", "undo_text", "edits", "decider", "route"),
    *("created_at", "due_at", "reference", "replaces", "held_back", "urgent"),
)
"""What a card keeps when it is brought up to date: what is proposed, to whom, and until when."""
VOID = "Policy asks for something else here since {names} approved, so that approval no longer counts."


def is_edited(waiting: Escalation) -> bool:
    """Say whether somebody has put their own version in the place of the proposal."""
    return bool(card_of(waiting).edits)


def thanked_together(waiting: Iterable[Escalation]) -> frozenset[str]:
    """Return the records that open thanks are for; what somebody has edited stays as they left it."""
    thanks = (e for e in waiting if (e.fold_key or "").endswith(f":{THANKS}") and not is_edited(e))
    return frozenset(record for each in thanks for record in each.about)


def waiting_in_matter(tx: Transaction, considered: Considered) -> list[Escalation]:
    """Return what waits for a decision in the same matter, the oldest first.

    Raises Unavailable, so that it is all considered anew, when somebody decided, or proposed something else
    in it, while this was considered.
    """
    tx.one_at_a_time(f"matter:{considered.fold_key}")
    matter = tx.escalations.open_for_fold_key(considered.fold_key)
    seen = {(e.id, e.revision) for e in considered.waiting if e.fold_key == considered.fold_key}
    if {(each.id, each.revision) for each in matter} != seen:
        raise Unavailable("countersign", "decided_meanwhile", AT_ONCE)
    return matter


def overtaken(tx: Transaction, considered: Considered) -> list[Escalation]:
    """Return open thanks that have become pointless: for a gift that was given back."""
    if considered.proposal.rule != "refunded_gift":
        return []
    thanks = tx.escalations.open_for_fold_key(f"{considered.record.donor.id}:{THANKS}")
    return [each for each in thanks if each.about == considered.proposal.about]


def is_answered_by(waiting: Escalation, considered: Considered, destination: Route) -> bool:
    """Say whether what waits is the same step already, where it is to be decided."""
    moved = waiting.route != destination.channel and not requirement_of(waiting).passed
    if is_edited(waiting):
        return set(considered.proposal.about) <= set(waiting.about)
    return is_same_step(waiting.action, considered.recommendation.action) and not moved


def fold_into(
    tx: Transaction,
    arrived: Arrived,
    waiting: Escalation,
    fresh: EscalationCard,
    considered: Considered,
    ruling: Ruling,
    names: Mapping[str, str],
) -> None:
    """Have the card that waits tell what else happened, with the facts as they are now."""
    duties = duties_of(ruling.decision)
    changes = shown_changes(waiting.action, considered.record, names, duties)
    card = _with_news(fresh, card_of(waiting)).model_copy(update={"changes": changes})
    told = Changes(
        card=canonical_json(card),
        decision_facts=canonical_json(ruling.facts),
        policy_version=ruling.decision.policy_version,
        requires=canonical_json(_requirement(waiting, considered, ruling)),
    )
    current: Escalation | None = waiting
    if waiting.state is _S.OPEN and _asks_for_another_approval(waiting, ruling):
        told |= _void(waiting, arrived)
        current = tx.escalations.move(
            waiting.id, (_S.OPEN,), _S.OPEN, arrived.now, revision=waiting.revision, **told
        )
    elif not tx.escalations.amend(waiting.id, waiting.revision, **told):
        current = None
    if current is None:
        raise Unavailable("countersign", "decided_meanwhile", AT_ONCE)
    write_down(
        tx,
        arrived,
        "escalation.folded",
        subject=waiting.donor_id,
        correlation_id=waiting.correlation_id,
        escalation_id=waiting.id,
        event=considered.event.model_dump(mode="json") if considered.event else None,
        happened=considered.happened,
        asks_again=current is not waiting,
    )
    refresh_card(tx, arrived, current, again=f":{arrived.item_id}")


def _with_news(fresh: EscalationCard, before: EscalationCard) -> EscalationCard:
    """Return *fresh* as the card of a decision that stays what it is, with all that happened."""
    update: dict[str, object] = {name: getattr(before, name) for name in KEPT}
    return fresh.model_copy(update=update | _story(fresh, before))


def _story(fresh: EscalationCard, before: EscalationCard) -> dict[str, object]:
    earlier = dict.fromkeys((*fresh.also, before.happened, *before.also))
    earlier.pop(fresh.happened, None)
    put_off = PUT_OFF_BEFORE.format(event=before.awaits) if before.awaits else fresh.came_back
    folded = before.folded + 1 + fresh.folded
    return {"also": tuple(earlier)[:MOST_ALSO], "folded": folded, "came_back": put_off}


def _asks_for_another_approval(waiting: Escalation, ruling: Ruling) -> bool:
    if ruling.decision.outcome is not Outcome.REQUIRE_APPROVAL:
        return False
    return requirement_of(waiting).decision.approvals != ruling.decision.approvals


def _requirement(waiting: Escalation, considered: Considered, ruling: Ruling) -> Requirement:
    """Return who has to agree now, and to what; whoever agreed already did so to what they saw then."""
    before = requirement_of(waiting)
    if waiting.state is _S.OPEN and _asks_for_another_approval(waiting, ruling):
        before = before.model_copy(update={"decision": ruling.decision, "granted": ()})
    if before.granted or is_edited(waiting):
        return before
    return before.model_copy(update={"seen": seen_now(considered, ruling)})


def _void(waiting: Escalation, arrived: Arrived) -> Changes:
    """Say that approvals given for something else count no more."""
    granted = requirement_of(waiting).granted
    if not granted:
        return Changes()
    who = ", ".join(dict.fromkeys(given.role.value for given in granted))
    note = Execution(problem=VOID.format(names=f"the {who}"), at=arrived.now)
    return Changes(outcome=canonical_json(note))


def take_over(
    tx: Transaction, arrived: Arrived, before: list[Escalation], opened: Escalation, destination: Route
) -> Escalation:
    """Put *opened* in the place of what waited before it, and return it as it was stored."""
    newest = before[-1]
    opened = _heir(opened, newest)
    in_place = _can_be_changed_in_place(tx, arrived, newest, destination)
    if in_place:
        opened = dataclasses.replace(
            opened,
            channel_id=newest.channel_id,
            message_ts=newest.message_ts,
            permalink=newest.permalink,
            shown=newest.shown,
            grouping_id=newest.grouping_id,
        )
    replaced = [_replace(tx, arrived, each, opened, leave=in_place and each is newest) for each in before]
    tx.escalations.add(opened)
    if in_place:
        tx.places.hand_over(newest.id, opened.id)
        tx.groupings.take_off(newest.id)
    for each in replaced:
        refresh_card(tx, arrived, each)
    if newest.state is _S.DEFERRED:
        tx.awaited.drop(newest.id)
        if in_place:
            _notify_again(tx, arrived, opened)
    return opened


def _notify_again(tx: Transaction, arrived: Arrived, opened: Escalation) -> None:
    """Tell whoever put it off that it is back before its time: a changed message notifies nobody."""
    reminder = RemindDecider(escalation_id=opened.id, text=BACK_EARLY)
    enqueue(tx, reminder, key=f"remind:{opened.id}:1", order=f"card:{opened.id}", arrived=arrived)


def _heir(opened: Escalation, newest: Escalation) -> Escalation:
    """Return *opened* with what it takes over: the story, the deadline, and whoever it was passed on to."""
    before, fresh = card_of(newest), card_of(opened)
    due_at = min(newest.due_at, opened.due_at) if newest.state is _S.OPEN else opened.due_at
    requirement, earlier = requirement_of(opened), requirement_of(newest)
    update: dict[str, object] = _story(fresh, before) | {"replaces": before.proposal, "due_at": due_at}
    update |= {"held_back": before.held_back, "approvals_void": bool(earlier.granted)}
    route = opened.route
    if earlier.passed:
        passed = {"passed_to", "with_reviewers", "passed"}
        requirement = requirement.model_copy(update={name: getattr(earlier, name) for name in passed})
        update |= {"decider": before.decider, "route": before.route}
        route = newest.route
    if requirement.decision.outcome is Outcome.ALLOW:
        # Somebody was asked, so it is theirs to decide, whatever the rules would let through by now.
        requirement = requirement.model_copy(update={"decision": earlier.decision})
    excluded = tuple(dict.fromkeys((*requirement.excluded, *earlier.excluded)))
    requirement = requirement.model_copy(update={"excluded": excluded})
    note = Execution(problem=BACK_EARLY, at=opened.created_at)
    outcome = canonical_json(note) if newest.state is _S.DEFERRED else None
    return dataclasses.replace(
        opened,
        card=canonical_json(fresh.model_copy(update=update)),
        requires=canonical_json(requirement),
        route=route,
        due_at=due_at,
        outcome=outcome,
        replaces=newest.id,
    )


def _can_be_changed_in_place(
    tx: Transaction, arrived: Arrived, newest: Escalation, destination: Route
) -> bool:
    """Say whether the newer card may take over the message: young, in one place, and in the right one."""
    if newest.state not in (_S.OPEN, _S.DEFERRED) or arrived.now - newest.created_at > IN_PLACE:
        return False
    if newest.shown == "grouped":
        return newest.route == destination.channel
    if newest.route != destination.channel or newest.message_ts is None:
        return False
    return [place.message_ts for place in tx.places.living(newest.id)] == [newest.message_ts]


def _replace(
    tx: Transaction, arrived: Arrived, before: Escalation, opened: Escalation, *, leave: bool
) -> Escalation:
    """Close *before*; with *leave*, its message is no longer its own."""
    changes = Changes(successor_id=opened.id)
    if leave:
        changes |= Changes(channel_id=None, message_ts=None)
    moved = tx.escalations.move(
        before.id,
        UNDECIDED,
        _S.SUPERSEDED,
        arrived.now,
        revision=before.revision,
        **changes,
    )
    if moved is None:
        raise Unavailable("countersign", "decided_meanwhile", AT_ONCE)
    write_down(
        tx,
        arrived,
        "escalation.superseded",
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        successor_id=opened.id,
        proposal=card_of(opened).proposal,
    )
    return moved
