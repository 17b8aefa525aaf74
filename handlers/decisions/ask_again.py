"""Give an approved decision back to people: the record or the rules are no longer what was approved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from handlers.absence.show_to_stand_in import involve_stand_in
from handlers.absence.working_hours import working_time_by_email
from handlers.answers.answering import post
from handlers.answers.donor_header import donor_header
from handlers.context import Arrived, Context, NotBefore, staff_names
from handlers.decisions.deadline import watch_deadline
from handlers.outcomes import EscalationCard, Execution, Notice
from handlers.proposals.card_places import moved_to
from handlers.proposals.escalation_view import Requirement, card_of, requirement_of
from handlers.proposals.obligations import duties_of
from handlers.proposals.routing import (
    Route,
    route,
    where_rules_send,
    with_other_approvers,
    without_own_approval,
)
from handlers.proposals.ruling import Ruling
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.record.rulings import ruled
from handlers.refreshing import refresh_card
from policy.actions import Action, FieldChange
from policy.canonical import canonical_json, digest
from policy.changes import describe, long_text
from policy.donor import DonorRecord
from policy.escalation import EscalationState
from policy.seen import Seen, records_changed
from storage.escalations import NOT_DECIDED, Changes, Escalation
from storage.transaction import Transaction

_S = EscalationState
NOTHING_WRITTEN = "Nothing was written."
MOVED_ON = "moved_on"
LOOK_AT_ONCE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """The decision as it has to be made now: by the rules in force, with no approval given yet.

    *action* is the step to decide on, for the CRM records *about*; it may be another one than before.
    """

    card: EscalationCard
    requirement: Requirement
    destination: Route
    note: str
    since: tuple[FieldChange, ...]
    ruling: Ruling
    action: Action
    about: tuple[str, ...]


async def ask_again(
    escalation: Escalation,
    record: DonorRecord,
    ruling: Ruling,
    changes: tuple[FieldChange, ...],
    note: str,
    since: tuple[FieldChange, ...],
    seen: tuple[Seen, ...],
    context: Context,
) -> AskedAgain:
    """Make the card anew from *record* and *ruling*, with the full time to decide.

    *since* is what changed since people looked, *seen* what they look at now.
    """
    before, destination = requirement_of(escalation), await _destination(escalation, record, ruling, context)
    requirement = before.model_copy(
        update={
            "decision": ruling.decision,
            "owner_email": destination.decider_email,
            "excluded": destination.excluded,
            "granted": (),
            "seen": seen,
        }
    )
    stale = records_changed(before.seen, seen)
    card = _card(escalation, record, ruling, destination, stale, context)
    return AskedAgain(
        card.model_copy(update={"changes": changes}),
        requirement,
        destination,
        note,
        since,
        ruling,
        escalation.action,
        escalation.about,
    )


async def _destination(
    escalation: Escalation, record: DonorRecord, ruling: Ruling, context: Context
) -> Route:
    """Return who decides now, and where: whoever it was passed on to, else whom the rules name."""
    found = await with_whom_it_is(escalation, context) or await without_own_approval(
        await where_rules_send(await route(record, context), ruling.decision, context),
        escalation.action,
        ruling.decision,
        record,
        requirement_of(escalation).requested_by,
        context,
    )
    return with_other_approvers(found, ruling.decision, context.organisation)


def _card(
    escalation: Escalation,
    record: DonorRecord,
    ruling: Ruling,
    destination: Route,
    stale: frozenset[str],
    context: Context,
) -> EscalationCard:
    """Return the card as it has to be now; what rests on a *stale* record is left out.

    A reason is not repeated when the record it was read from says something else by now.
    """
    made, days = card_of(escalation), context.organisation.decision_days
    due_at = destination.working.add_working_days(context.clock.now(), days)
    signals = tuple(each for each in made.signals if not stale & set(each.claim.cites))
    return made.model_copy(
        update=_step(escalation, record, ruling)
        | {
            "signals": signals,
            "removed": made.removed + len(made.signals) - len(signals),
            "donor": donor_header(record, context.organisation),
            "gates": ruling.decision.reasons,
            "decider": destination.decider,
            "route": destination.why,
            "due_at": max(escalation.due_at, due_at),
        }
    )


def _step(escalation: Escalation, record: DonorRecord, ruling: Ruling) -> dict[str, object]:
    """Return the words for another step than the one that was approved; nothing where it is the same."""
    action = escalation.action
    if digest(action) == escalation.action_digest:
        return {}
    duties = duties_of(ruling.decision)
    return {
        "proposal": duties.without_amounts(describe(action, staff_names(record)), record),
        "proposal_details": duties.without_amounts(long_text(action), record),
    }


async def with_whom_it_is(escalation: Escalation, context: Context) -> Route | None:
    """Return where a decision that was passed on is: asking again does not take it away from there."""
    requirement = requirement_of(escalation)
    if not (requirement.passed_to or requirement.with_reviewers):
        return None
    return Route(
        channel=escalation.route,
        why=card_of(escalation).route,
        decider=requirement.passed[-1].to,
        decider_email=requirement.owner_email,
        working=await working_time_by_email(requirement.holder, context),
        excluded=requirement.excluded,
    )


def reopen(tx: Transaction, arrived: Arrived, escalation: Escalation, again: AskedAgain) -> None:
    """Open the decision again; where others have to agree now, in a place that all of them can see.

    Raises NotBefore when it has moved on since it was read: something may have been written meanwhile.
    """
    changes = _made_anew(arrived, again)
    step: dict[str, Any] = {}
    if digest(again.action) != escalation.action_digest:
        changes |= _another_step(again)
        # The log alone has to tell what people are asked about from here on.
        step = {"action": again.action.model_dump(mode="json"), "action_digest": digest(again.action)}
    moves_away = again.destination.channel != escalation.route
    if moves_away:
        changes |= moved_to(tx, escalation, again.destination.channel)
    unknown = escalation.state is _S.OUTCOME_UNKNOWN
    here = _not_written(tx, arrived, escalation) if unknown else escalation
    moved = here and tx.escalations.move(
        here.id, (_S.APPROVED, _S.EXECUTING), _S.OPEN, arrived.now, revision=here.revision, **changes
    )
    if moved is None:
        raise NotBefore(arrived.now + LOOK_AT_ONCE, MOVED_ON)
    write_down(
        tx,
        arrived,
        "escalation.changed_since",
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        note=again.note,
        differences=[change.model_dump(mode="json") for change in again.since],
        **step,
        **ruled(again.ruling),
    )
    watch_deadline(tx, arrived, moved.id, moved.due_at)
    if moves_away:
        _say_where_it_went(tx, arrived, escalation, again)
    refresh_card(tx, arrived, moved)
    involve_stand_in(tx, arrived, moved)


def _made_anew(arrived: Arrived, again: AskedAgain) -> Changes:
    why = Execution(problem=f"{NOTHING_WRITTEN} {again.note}", at=arrived.now, since=again.since)
    changes = Changes(
        card=canonical_json(again.card),
        requires=canonical_json(again.requirement),
        policy_version=again.requirement.decision.policy_version,
        outcome=canonical_json(why),
        due_at=again.card.due_at,
    )
    return changes | NOT_DECIDED


def _another_step(again: AskedAgain) -> Changes:
    return Changes(
        action=again.action,
        action_digest=digest(again.action),
        about=again.about,
        decision_facts=canonical_json(again.ruling.facts),
    )


def _not_written(tx: Transaction, arrived: Arrived, escalation: Escalation) -> Escalation | None:
    """It was looked for and is not there, so it is known again: nothing was written."""
    moved = tx.escalations.move(
        escalation.id, (_S.OUTCOME_UNKNOWN,), _S.EXECUTING, arrived.now, revision=escalation.revision
    )
    if moved:
        write_down(
            tx,
            arrived,
            "action.not_found",
            subject=escalation.donor_id,
            correlation_id=escalation.correlation_id,
            escalation_id=escalation.id,
        )
    return moved


def _say_where_it_went(tx: Transaction, arrived: Arrived, before: Escalation, again: AskedAgain) -> None:
    if before.channel_id is None or before.message_ts is None:
        return
    notice = Notice(
        text=f"{NOTHING_WRITTEN} {again.note}",
        next_step=f"The decision goes on in {again.destination.why}. This card follows it.",
        reference=again.card.reference,
    )
    place, thread = before.channel_id, before.message_ts
    post(tx, arrived, notice, place, by=SYSTEM, donor_id=before.donor_id, thread_ts=thread)
