"""Tell somebody about the donor they are about to meet: once, an hour of their working time before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from handlers.absence.working_hours import working_time_of
from handlers.commands import ChatUser, MeetingsDue, ReplyAddress, SummaryRequested
from handlers.context import Arrived, Context, Write
from handlers.ports import Colleague
from handlers.record.evidence import record as write_down
from handlers.waking import wake_for
from policy.donor import PlannedMeeting
from storage.transaction import Transaction

LOOK_AHEAD = timedelta(days=6)
"""Over a long weekend the last working hour before a meeting lies days ahead of it."""

WORKING_HOURS_BEFORE = 1


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A meeting that is due to be prepared, with whoever goes there and their direct messages."""

    meeting: PlannedMeeting
    colleague: Colleague
    channel_id: str


async def prepare_meetings(command: MeetingsDue, arrived: Arrived, context: Context) -> Write:
    """Ask for a summary in the name of everybody with a meeting ahead who has not got one yet."""
    del command
    if not context.organisation.summaries_before_meetings:
        return lambda _tx: None
    planned = await context.crm.planned_meetings(arrived.now, arrived.now + LOOK_AHEAD)
    ahead = [found for each in planned if (found := await _ahead(each, arrived, context))]

    def write(tx: Transaction) -> None:
        for each in ahead:
            _prepare(tx, arrived, each)

    return write


async def _ahead(meeting: PlannedMeeting, arrived: Arrived, context: Context) -> _Ahead | None:
    """Return who is to be told now; None for whoever does not want it, is not here, or is told later."""
    email = meeting.staff_email
    person = context.organisation.person(email) if email else None
    if not email or (person is not None and not person.summaries_before_meetings):
        return None
    colleague = await context.chat.colleague_by_email(email)
    if colleague is None or not colleague.is_full_member:
        return None
    due = working_time_of(colleague, context).subtract_working_hours(meeting.at, WORKING_HOURS_BEFORE)
    if not due <= arrived.now < meeting.at:
        return None
    return _Ahead(meeting, colleague, await context.chat.direct_channel(colleague.id))


def _prepare(tx: Transaction, arrived: Arrived, ahead: _Ahead) -> None:
    meeting = ahead.meeting
    once = f"meeting:{meeting.id}:{ahead.colleague.id}"
    # A meeting that was moved to another time is prepared anew.
    if not tx.occurrences.claim(once, meeting.at.isoformat(), arrived.now):
        return
    wanted = SummaryRequested(
        query="",
        donor_id=meeting.donor_id,
        by=ChatUser(id=ahead.colleague.id),
        reply_to=ReplyAddress(channel_id=ahead.channel_id, user_id=ahead.colleague.id),
        before=meeting.at,
    )
    key = f"{once}:{meeting.at.isoformat()}"
    fresh = arrived.ids.new()
    wake_for(tx, arrived, arrived.now, wanted, key=key, order=once, correlation_id=fresh)
    write_down(tx, arrived, "summary.before_meeting", subject=meeting.donor_id, meeting_id=meeting.id)
