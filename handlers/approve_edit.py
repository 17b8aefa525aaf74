"""Approve exactly the version that was checked: the proposal and the yes change together, or neither does."""

from __future__ import annotations

from datetime import timedelta

from handlers.answering import answer
from handlers.approve_escalation import send_to_crm
from handlers.commands import EditApproved
from handlers.context import Arrived, Context, Write, staff_names
from handlers.deciding_person import Decider, decider_of
from handlers.edited_version import Checked, Version, needs, version_of, voided
from handlers.effects import refresh_card
from handlers.escalation_view import card_of
from handlers.evidence import record as write_down
from handlers.evidence import slack_actor
from handlers.expire_escalation import watch_deadline
from handlers.meanwhile import meanwhile
from handlers.outcomes import CardEdit, EscalationCard, Notice
from handlers.request_edit import record_for
from handlers.routing import Route, route, with_other_approvers
from handlers.standing import refuse_click, too_late
from policy.canonical import canonical_json, digest
from policy.changes import describe, long_text
from policy.editing import words_changed
from policy.escalation import EscalationState
from storage.edits import Edited
from storage.escalations import Changes, Escalation
from storage.transaction import Transaction

_OPEN = (EscalationState.OPEN,)
UNKNOWN_VERSION = Notice(
    text="I do not know this version.", next_step="Nothing was changed. Press Edit on the card again."
)
SOMEBODY_ELSES = Notice(
    text="This version was written by somebody else, and only they can approve it from their window.",
    next_step="Nothing was changed. Press Edit on the card to write your own.",
)
STALE = "This changed since your version was checked: {what}."
LOOK_AGAIN = "Nothing was changed. Press Edit on the card again and look at it as it is now."
RULES_DIFFER = "policy now says something else about it"
NOT_ALLOWED = "This version cannot be approved: {reasons}"
WRITE_ANOTHER = "Nothing was changed. Press Edit on the card to write another one."
RECORDED = "Your version is on the card."
STILL_NEEDED = "Still needed: the approval of {needs}."


async def approve_edit(command: EditApproved, arrived: Arrived, context: Context) -> Write:
    """Look again at the version and everything it rests on; if nothing differs, decide."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return refuse_click(command, arrived, decider)
    edit = await context.database.read(lambda tx: tx.edits.get(command.edit_id))
    if edit is None or edit.escalation_id != command.escalation_id:
        return refuse_click(command, arrived, UNKNOWN_VERSION)
    if edit.by_user != decider.colleague.id:
        return refuse_click(command, arrived, SOMEBODY_ELSES)
    if edit.revision != decider.escalation.revision:
        return refuse_click(command, arrived, await meanwhile(decider.escalation, edit.revision, context))
    record = await record_for(edit.action, context)
    if isinstance(record, Notice):
        return refuse_click(command, arrived, record)
    version = await version_of(edit.action, decider, record, context)
    if stale := _stale(edit, version):
        return refuse_click(command, arrived, stale)
    destination = await _destination(decider, version, context)
    days = context.organisation.decision_days
    return lambda tx: _decide(tx, command, arrived, decider, version, destination, days)


def _stale(edit: Edited, version: Version) -> Notice | None:
    checked, now = Checked.model_validate_json(edit.checked), version.checked
    if version.verdict not in ("approve", "approve_first", "propose"):
        reasons = version.problem or " ".join(version.decision.reasons)
        return Notice(text=NOT_ALLOWED.format(reasons=reasons), next_step=WRITE_ANOTHER)
    if checked == now:
        return None
    moved = [
        f"{new.field} is now {new.before} (it was {old.before})"
        for old, new in zip(checked.changes, now.changes, strict=False)
        if old.before != new.before
    ]
    return Notice(text=STALE.format(what="; ".join(moved) or RULES_DIFFER), next_step=LOOK_AGAIN)


async def _destination(decider: Decider, version: Version, context: Context) -> Route | None:
    """Return where the card has to move when others than before must agree to this version; None to stay."""
    if version.decision.approvals == decider.requirement.decision.approvals:
        return None
    found = await route(version.record, context)
    return with_other_approvers(found, version.decision, context.organisation)


def _decide(
    tx: Transaction,
    command: EditApproved,
    arrived: Arrived,
    decider: Decider,
    version: Version,
    destination: Route | None,
    decision_days: int,
) -> None:
    done = version.verdict == "approve"
    due_at = decider.escalation.due_at if done else arrived.now + timedelta(days=decision_days)
    card = _card(arrived, decider, version, destination)
    changes = Changes(
        action=version.action,
        action_digest=digest(version.action),
        card=canonical_json(card),
        requires=canonical_json(version.requirement),
        decision_facts=canonical_json(version.ruling.facts),
        policy_version=version.decision.policy_version,
        due_at=max(decider.escalation.due_at, due_at),
        outcome=None,
    )
    if done:
        changes |= Changes(
            decided_by=decider.colleague.id,
            decided_by_name=decider.colleague.name,
            decided_at=arrived.now,
        )
    elif destination and destination.channel != decider.escalation.route:
        changes |= Changes(route=destination.channel, channel_id=None, message_ts=None)
    moved = tx.escalations.move(
        command.escalation_id,
        _OPEN,
        EscalationState.APPROVED if done else EscalationState.OPEN,
        arrived.now,
        revision=decider.escalation.revision,
        **changes,
    )
    if moved is None:
        too_late(tx, command, arrived)
        return
    _write_down(tx, arrived, moved, decider, version)
    refresh_card(tx, arrived, moved)
    if done:
        send_to_crm(tx, arrived, moved)
    else:
        _wait_for_others(tx, command, arrived, moved, version)


def _wait_for_others(
    tx: Transaction, command: EditApproved, arrived: Arrived, moved: Escalation, version: Version
) -> None:
    watch_deadline(tx, arrived, moved.id, moved.due_at)
    needed = STILL_NEEDED.format(needs=needs(version.decision, version.requirement))
    answer(tx, arrived, Notice(text=RECORDED, next_step=needed), command.reply_to)


def _card(arrived: Arrived, decider: Decider, version: Version, destination: Route | None) -> EscalationCard:
    action, duties, record = version.action, version.duties, version.record
    edit = CardEdit(
        by_user_id=decider.colleague.id,
        by_name=decider.colleague.name,
        at=arrived.now,
        differences=version.differences,
    )
    card = card_of(decider.escalation)
    update = {
        "proposal": duties.without_amounts(describe(action, staff_names(record)), record),
        "proposal_details": duties.without_amounts(long_text(action), record),
        "changes": version.changes,
        "gates": version.decision.reasons,
        "footers": duties.footers,
        "edits": (*card.edits, edit),
    }
    if destination:
        update |= {"decider": destination.decider, "route": destination.why}
    return card.model_copy(update=update)


def _write_down(
    tx: Transaction, arrived: Arrived, moved: Escalation, decider: Decider, version: Version
) -> None:
    common = {
        "escalation_id": moved.id,
        "name": decider.colleague.name,
        "action_digest": moved.action_digest,
        "policy_version": moved.policy_version,
    }
    write_down(
        tx,
        arrived,
        "escalation.edited",
        subject=moved.donor_id,
        actor=slack_actor(decider.colleague.id),
        correlation_id=moved.correlation_id,
        before=decider.escalation.action.model_dump(mode="json"),
        after=moved.action.model_dump(mode="json"),
        differences=[change.model_dump(mode="json") for change in version.differences],
        words_changed=words_changed(decider.escalation.action, moved.action),
        void=list(voided(decider)),
        decision=version.decision.model_dump(mode="json"),
        **common,
    )
    if version.role is None:
        return
    write_down(
        tx,
        arrived,
        "escalation.approved" if version.verdict == "approve" else "escalation.approval_given",
        subject=moved.donor_id,
        actor=slack_actor(decider.colleague.id),
        correlation_id=moved.correlation_id,
        role=version.role.value,
        action=moved.action.model_dump(mode="json"),
        waited_seconds=int((arrived.now - moved.created_at).total_seconds()),
        **common,
    )
