"""`/donor why --for-donor`: a plain, dated account that a member of staff can hand to the donor."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.answers.donor_search import donor_asked_for
from handlers.commands import DonorExplanationRequested
from handlers.context import Arrived, Context, Write
from handlers.outcomes import ForDonorShown, Notice
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.donor import DonorRecord
from policy.donor_explanation import DISCLOSURE, Recorded, explain_to_donor
from storage.audit_records import AuditRecord
from storage.transaction import Transaction

EMPTY = Notice(
    text="Which donor is it for?",
    next_step="Type /donor why --for-donor followed by a name, an e-mail address or a donor id.",
)


async def explain_for_donor(command: DonorExplanationRequested, arrived: Arrived, context: Context) -> Write:
    """Answer with the account, a choice of donors, or near names; that it was given out is written down."""
    colleague = await admit(command.by.id, command.reply_to, context)
    if isinstance(colleague, Notice):
        return lambda tx: answer(tx, arrived, colleague, command.reply_to)
    if not command.query and command.donor_id is None:
        return lambda tx: answer(tx, arrived, EMPTY, command.reply_to)
    found = await donor_asked_for(command.query, command.donor_id, "for_donor", arrived, context)
    if not isinstance(found, DonorRecord):
        return lambda tx: answer(tx, arrived, found, command.reply_to)
    donor = found.donor

    def write(tx: Transaction) -> None:
        shown = ForDonorShown(
            donor_name=donor.name,
            organisation=context.organisation.name,
            as_of=context.today(),
            told=told_to_donor(tx, donor.id, context.organisation.time_zone),
            disclosure=DISCLOSURE,
            reference=arrived.reference,
        )
        write_down(tx, arrived, "explanation.given", subject=donor.id, actor=slack_actor(command.by.id))
        answer(tx, arrived, shown, command.reply_to, donor_id=donor.id)

    return write


def told_to_donor(tx: Transaction, donor_id: str, time_zone: str) -> tuple[str, ...]:
    """Return what the audit holds about a donor, in sentences for them."""
    return explain_to_donor(map(_recorded, tx.audit.trace(donor_id)), ZoneInfo(time_zone))


def _recorded(entry: AuditRecord) -> Recorded:
    return Recorded(entry.kind, entry.at, entry.correlation_id, entry.payload)
