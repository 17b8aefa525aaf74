"""Somebody's version of a proposal, checked: the difference, what it would write, and what policy says."""

from __future__ import annotations

from handlers.answers.answering import fill
from handlers.commands import EditSubmitted
from handlers.context import Arrived, Context, Write
from handlers.decisions.deciding_person import Decider, decider_of
from handlers.decisions.standing import note_refusal
from handlers.editing.edited_version import Version, shown_version, version_of
from handlers.editing.meanwhile import meanwhile
from handlers.editing.request_edit import record_for
from handlers.outcomes import Notice, Window
from handlers.record.evidence import slack_actor
from handlers.record.rulings import note_ruling
from policy.canonical import canonical_json, digest
from policy.editing import edited
from storage.edits import Edited
from storage.transaction import Transaction

OTHER_KIND = Notice(
    text="This form does not belong to the proposal on the card.",
    next_step="Nothing was changed. Press Edit on the card again.",
)


async def check_edit(command: EditSubmitted, arrived: Arrived, context: Context) -> Write:
    """Check the version and show the result in the waiting window; nothing is decided by this."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return _refuse(command, arrived, decider)
    escalation = decider.escalation
    if escalation.action.kind != command.edit.kind:
        return _refuse(command, arrived, OTHER_KIND)
    if escalation.action_digest != command.action_digest:
        notice = await meanwhile(escalation, context)
        return _refuse(command, arrived, notice)
    record = await record_for(escalation.action, context)
    if isinstance(record, Notice):
        return lambda tx: _fill(tx, command, arrived, record, None)
    version = await version_of(edited(escalation.action, command.edit), decider, record, context)
    return lambda tx: _show(tx, command, arrived, decider, version)


def _show(
    tx: Transaction, command: EditSubmitted, arrived: Arrived, decider: Decider, version: Version
) -> None:
    escalation, edit_id = decider.escalation, arrived.ids.new()
    shown = shown_version(version, edit_id, decider, command.reply_to.channel_id, command.reply_to.thread_ts)
    tx.edits.add(
        Edited(
            id=edit_id,
            escalation_id=escalation.id,
            donor_id=escalation.donor_id,
            revision=escalation.revision,
            by_user=decider.colleague.id,
            action=version.action,
            action_digest=digest(version.action),
            checked=canonical_json(version.checked),
            created_at=arrived.now,
        )
    )
    note_ruling(
        tx,
        arrived,
        "edit.checked",
        version.ruling,
        subject=escalation.donor_id,
        owner_id=version.record.donor.owner_id,
        actor=slack_actor(decider.colleague.id),
        correlation_id=escalation.correlation_id,
        escalation_id=escalation.id,
        name=decider.colleague.name,
        verdict=version.verdict,
        differences=[change.model_dump(mode="json") for change in version.differences],
        action=version.action.model_dump(mode="json"),
        action_digest=digest(version.action),
        policy_version=version.decision.policy_version,
    )
    _fill(tx, command, arrived, shown, escalation.donor_id)


def _fill(
    tx: Transaction, command: EditSubmitted, arrived: Arrived, shown: Window, donor_id: str | None
) -> None:
    fill(tx, arrived, shown, command.window, by=command.by.id, donor_id=donor_id, pushed=True)


def _refuse(command: EditSubmitted, arrived: Arrived, refusal: Notice) -> Write:
    def write(tx: Transaction) -> None:
        note_refusal(tx, command, arrived, refusal)
        _fill(tx, command, arrived, refusal, None)

    return write
