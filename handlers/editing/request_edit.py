"""Edit: show whoever may decide a form with the proposal as it stands."""

from __future__ import annotations

from handlers.answers.answering import fill
from handlers.answers.donor_search import read_donor
from handlers.commands import EditRequested
from handlers.context import Arrived, Context, Write
from handlers.decisions.deciding_person import Decider, decider_of
from handlers.decisions.standing import note_refusal
from handlers.editing.edit_form import form_fields
from handlers.outcomes import EditForm, Notice
from handlers.ports import DonorUnknown, Unavailable
from handlers.proposals.escalation_view import card_of
from policy.actions import Action
from policy.donor import DonorRecord
from storage.considerations import Look
from storage.transaction import Transaction

CRM_SILENT = Notice(
    text="The CRM does not answer at the moment, so I cannot tell what may be changed.",
    next_step="Nothing was changed. Close this window and press Edit again in a minute.",
)
GONE = Notice(
    text="The CRM no longer has this donor's record.",
    next_step="Nothing was changed. Decline the card, or look in the CRM what became of the record.",
)
MERGED = Notice(
    text="This donor's record was merged into another one, so this proposal cannot be edited any more.",
    next_step="Nothing was changed. Decline the card; the next event brings one for the record that is left.",
)


async def request_edit(command: EditRequested, arrived: Arrived, context: Context) -> Write:
    """Fill the waiting window with the form, or with the reason why there is none."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return _refuse(command, arrived, decider)
    record = await record_for(decider.escalation.action, context)
    if isinstance(record, Notice):
        return _fill(command, arrived, record, None)
    show = _fill(command, arrived, _form(command, decider, record), decider.escalation.donor_id)

    def write(tx: Transaction) -> None:
        tx.considerations.note_look(command.escalation_id, command.by.id, Look.EDIT_FORM, arrived.now)
        show(tx)

    return write


async def record_for(action: Action, context: Context) -> DonorRecord | Notice:
    """Return the record that *action* is for as it is now, or why it cannot be edited against it."""
    try:
        record = await read_donor(action.donor_id, context)
    except Unavailable:
        return CRM_SILENT
    except DonorUnknown:
        return GONE
    return record if record.donor.id == action.donor_id else MERGED


def _form(command: EditRequested, decider: Decider, record: DonorRecord) -> EditForm:
    escalation = decider.escalation
    card = card_of(escalation)
    return EditForm(
        escalation_id=escalation.id,
        revision=escalation.revision,
        action_kind=escalation.action.kind,
        action_digest=escalation.action_digest,
        donor_name=card.donor.name,
        proposal=card.proposal,
        fields=form_fields(escalation.action, record),
        channel_id=command.reply_to.channel_id,
        thread_ts=command.reply_to.thread_ts,
    )


def _fill(command: EditRequested, arrived: Arrived, shown: EditForm | Notice, donor_id: str | None) -> Write:
    return lambda tx: fill(tx, arrived, shown, command.view_id, by=command.by.id, donor_id=donor_id)


def _refuse(command: EditRequested, arrived: Arrived, refusal: Notice) -> Write:
    show = _fill(command, arrived, refusal, None)

    def write(tx: Transaction) -> None:
        note_refusal(tx, command, arrived, refusal)
        show(tx)

    return write
