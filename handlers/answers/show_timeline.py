"""Show a donor's recent history to whoever asks."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.answers.donor_header import donor_header
from handlers.answers.donor_search import donor_asked_for
from handlers.commands import TimelineRequested
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice, TimelineShown
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.donor import DonorRecord
from policy.timeline import timeline
from storage.transaction import Transaction

EMPTY_QUERY = Notice(
    text="Whose timeline would you like?",
    next_step="Type /donor timeline followed by a name, an e-mail address or a donor id.",
)
TIMELINE_LENGTH = 20


async def show_timeline(command: TimelineRequested, arrived: Arrived, context: Context) -> Write:
    """Answer with the timeline, a choice of donors, or near names."""
    asker = await admit(command.by.id, command.reply_to, context)
    if isinstance(asker, Notice):
        return lambda tx: answer(tx, arrived, asker, command.reply_to)
    if not command.query.strip() and command.donor_id is None:
        return lambda tx: answer(tx, arrived, EMPTY_QUERY, command.reply_to)
    record = await donor_asked_for(command.query, command.donor_id, "timeline", arrived, context)
    if not isinstance(record, DonorRecord):
        return lambda tx: answer(tx, arrived, record, command.reply_to)
    shown = TimelineShown(
        donor=donor_header(record, context.organisation),
        timeline=timeline(record, TIMELINE_LENGTH),
        as_of=context.today(),
        reference=arrived.reference,
    )

    def write(tx: Transaction) -> None:
        write_down(tx, arrived, "timeline.shown", subject=record.donor.id, actor=slack_actor(command.by.id))
        answer(tx, arrived, shown, command.reply_to, donor_id=record.donor.id)

    return write
