"""Approve exactly the version that was checked: the proposal and the yes change together, or neither does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handlers.answers.answering import answer
from handlers.commands import EditApproved
from handlers.context import Arrived, Context, Write, staff_names
from handlers.decisions.approve_escalation import note_approval, send_to_crm
from handlers.decisions.ask_again import with_whom_it_is
from handlers.decisions.considering import consider
from handlers.decisions.deadline import watch_deadline
from handlers.decisions.deciding_person import Decider, decider_of
from handlers.decisions.overriding import audited_reason
from handlers.decisions.standing import refuse_click, too_late
from handlers.editing.edited_version import Checked, Version, needs, version_of, voided
from handlers.editing.meanwhile import meanwhile
from handlers.editing.request_edit import record_for
from handlers.outcomes import CardEdit, EscalationCard, Notice
from handlers.proposals.card_places import moved_to
from handlers.proposals.escalation_view import card_of
from handlers.proposals.routing import Route, route, with_other_approvers
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.refreshing import refresh_card
from policy.canonical import canonical_json, digest
from policy.changes import describe, long_text
from policy.editing import words_changed
from policy.escalation import EscalationState
from storage.edits import Edited
from storage.escalations import Changes, Escalation
from storage.transaction import Transaction

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


@dataclass(frozen=True, slots=True)
class Yes:
    """Somebody's yes to their version; *destination* is where the card has to go for others, if anywhere."""

    command: EditApproved
    decider: Decider
    version: Version
    destination: Route | None
    others_have_until: datetime

    @property
    def is_enough(self) -> bool:
        """Say whether nobody else has to agree."""
        return self.version.verdict == "approve"


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
        return refuse_click(command, arrived, await meanwhile(decider.escalation, context, edit.created_at))
    record = await record_for(edit.action, context)
    if isinstance(record, Notice):
        return refuse_click(command, arrived, record)
    version = await version_of(edit.action, decider, record, context)
    if stale := _stale(edit, version):
        return refuse_click(command, arrived, stale)
    destination = await _destination(decider, version, context)
    due_at = decider.escalation.due_at
    if destination:
        days = context.organisation.decision_days
        due_at = max(due_at, destination.working.add_working_days(arrived.now, days))
    yes = Yes(command, decider, version, destination, due_at)
    return lambda tx: _decide(tx, arrived, yes)


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
    found = await with_whom_it_is(decider.escalation, context) or await route(version.record, context)
    return with_other_approvers(found, version.decision, context.organisation)


def _decide(tx: Transaction, arrived: Arrived, yes: Yes) -> None:
    before = yes.decider.escalation
    moved = tx.escalations.move(
        before.id,
        (EscalationState.OPEN,),
        EscalationState.APPROVED if yes.is_enough else EscalationState.OPEN,
        arrived.now,
        revision=before.revision,
        **_changes(tx, arrived, yes),
    )
    if moved is None:
        too_late(tx, yes.command, arrived)
        return
    considered = _considered(tx, arrived, moved, yes)
    _note_edit(tx, arrived, moved, yes, considered)
    _note_approval(tx, arrived, moved, yes, considered)
    refresh_card(tx, arrived, moved)
    if yes.is_enough:
        send_to_crm(tx, arrived, moved)
    else:
        _wait_for_others(tx, arrived, moved, yes)


def _changes(tx: Transaction, arrived: Arrived, yes: Yes) -> Changes:
    """Return everything that an action is decided by, all of it for the new one."""
    before, version = yes.decider.escalation, yes.version
    changes = Changes(
        action=version.action,
        action_digest=digest(version.action),
        card=canonical_json(_card(arrived, yes)),
        requires=canonical_json(version.requirement),
        decision_facts=canonical_json(version.ruling.facts),
        policy_version=version.decision.policy_version,
        outcome=None,
    )
    if yes.is_enough:
        return changes | yes.decider.signed(arrived.now)
    changes["due_at"] = yes.others_have_until
    if yes.destination and yes.destination.channel != before.route:
        changes |= moved_to(tx, before, yes.destination.channel)
    return changes


def _card(arrived: Arrived, yes: Yes) -> EscalationCard:
    version, decider = yes.version, yes.decider
    action, duties, record = version.action, version.duties, version.record
    edit = CardEdit(
        by_user_id=decider.colleague.id,
        by_name=decider.colleague.name,
        for_name=decider.in_place_of or "",
        at=arrived.now,
        differences=version.differences,
        reason=yes.command.reason.label,
        reason_text=yes.command.reason.text,
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
    if yes.destination:
        update |= {"decider": yes.destination.decider, "route": yes.destination.why}
    return card.model_copy(update=update)


def _considered(tx: Transaction, arrived: Arrived, moved: Escalation, yes: Yes) -> dict[str, Any]:
    before, by = yes.decider.escalation, yes.decider.colleague.id
    size, to = words_changed(before.action, moved.action), yes.command.reply_to
    return consider(tx, arrived, before, by, "edited", words_changed=size, tell=to)


def _note_edit(
    tx: Transaction, arrived: Arrived, moved: Escalation, yes: Yes, considered: dict[str, Any]
) -> None:
    before, version, reason = yes.decider.escalation.action, yes.version, yes.command.reason
    write_down(
        tx,
        arrived,
        "escalation.edited",
        subject=moved.donor_id,
        actor=slack_actor(yes.decider.colleague.id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        before=before.model_dump(mode="json"),
        after=moved.action.model_dump(mode="json"),
        action_digest=moved.action_digest,
        differences=[change.model_dump(mode="json") for change in version.differences],
        considered=considered,
        void=list(voided(yes.decider)),
        **yes.decider.named(),
        **audited_reason(reason),
        decision=version.decision.model_dump(mode="json"),
        decision_facts=version.ruling.facts.model_dump(mode="json"),
        policy_version=moved.policy_version,
    )


def _note_approval(
    tx: Transaction, arrived: Arrived, moved: Escalation, yes: Yes, considered: dict[str, Any]
) -> None:
    if yes.version.role is None:
        return
    role, requirement = yes.version.role, yes.version.requirement
    by = replace(yes.decider, role=role, escalation=moved, requirement=requirement)
    kind = "escalation.approved" if yes.is_enough else "escalation.approval_given"
    note_approval(tx, arrived, moved, by, kind, considered)


def _wait_for_others(tx: Transaction, arrived: Arrived, moved: Escalation, yes: Yes) -> None:
    watch_deadline(tx, arrived, moved.id, moved.due_at)
    needed = STILL_NEEDED.format(needs=needs(yes.version.decision, yes.version.requirement))
    answer(tx, arrived, Notice(text=RECORDED, next_step=needed), yes.command.reply_to)
