"""Say when somebody is away and who decides meanwhile; what was understood is repeated in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from handlers.absence.absence_words import absence_lines, helpful, state_of
from handlers.absence.delegate import delegate_for
from handlers.absence.owner_part import weekday_and_date
from handlers.absence.working_hours import working_time_of
from handlers.admission import admit
from handlers.answers.answering import answer, post
from handlers.commands import AbsenceBegan, AbsenceEnded, AwayRequested
from handlers.context import Arrived, Context, Write
from handlers.outcomes import AbsenceShown, Notice
from handlers.ports import Colleague
from handlers.proposals.routing import place_of
from handlers.record.evidence import SYSTEM, slack_actor
from handlers.record.evidence import record as write_down
from handlers.refreshing import refresh_homes
from handlers.waking import wake_at
from policy.delegation import Absence
from policy.spoken_dates import NotADate, read_period
from policy.working_time import WorkingTime
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Leave:
    """An absence about to be written down, with *told*: where the delegate hears of one still to come."""

    absence: Absence
    shown: AbsenceShown
    told: tuple[str, Notice] | None


async def go_away(command: AwayRequested, arrived: Arrived, context: Context) -> Write:
    """Write the absence down, or show what is known when nothing was asked for."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: answer(tx, arrived, colleague, command.reply_to)
    if not (command.words or command.delegates or command.delegate_name):
        shown = await state_of(colleague, context)
        return lambda tx: answer(tx, arrived, shown, command.reply_to)
    leave = await _understood(command, colleague, arrived, context)
    if isinstance(leave, Notice):
        return lambda tx: answer(tx, arrived, leave, command.reply_to)
    return lambda tx: _write(tx, command, arrived, leave)


async def _understood(
    command: AwayRequested, colleague: Colleague, arrived: Arrived, context: Context
) -> Leave | Notice:
    working = working_time_of(colleague, context)
    try:
        period = read_period(command.words, working.local_day(arrived.now))
    except NotADate as problem:
        return helpful(str(problem))
    starts_at = max(arrived.now, _midnight(period.first, working))
    ends_at = _midnight(period.last + timedelta(days=1), working)
    delegate = await delegate_for(command, colleague, starts_at, ends_at, context)
    if isinstance(delegate, Notice):
        return delegate
    found, remark = delegate
    absence = Absence(
        id=arrived.ids.new(),
        user_id=colleague.id,
        email=colleague.email,
        name=colleague.name,
        starts_at=starts_at,
        ends_at=ends_at,
        delegate_email=found.email if found else None,
        delegate_name=found.name if found else None,
        created_at=arrived.now,
    )
    lines = (*absence_lines(absence, working, arrived.now), remark)
    shown = AbsenceShown(
        headline="This is what I understood:",
        lines=lines,
        next_step="You can still decide everything yourself while you are away.",
        absence_id=absence.id,
    )
    return Leave(absence, shown, await _told(absence, found, working, arrived, context))


def _midnight(day: date, working: WorkingTime) -> datetime:
    return datetime.combine(day, time(), tzinfo=working.zone)


async def _told(
    absence: Absence, delegate: Colleague | None, working: WorkingTime, arrived: Arrived, context: Context
) -> tuple[str, Notice] | None:
    """Tell the delegate of an absence still to come; of one that begins now they hear with what waits."""
    if delegate is None or absence.starts_at <= arrived.now:
        return None
    first = weekday_and_date(working.local_day(absence.starts_at))
    last = weekday_and_date(working.local_day(absence.ends_at - timedelta(seconds=1)))
    notice = Notice(
        text=f"{absence.name} is away from {first} until {last} and named you to decide meanwhile.",
        next_step=f"You will get a list when it begins. If you cannot, tell {absence.name} now.",
        mention=delegate.id,
    )
    return (await place_of(delegate, context)).channel, notice


def _write(tx: Transaction, command: AwayRequested, arrived: Arrived, leave: Leave) -> None:
    absence = leave.absence
    replaced = [
        other.id
        for other in tx.absences.still_to_come(absence.email, arrived.now)
        if other.overlaps(absence.starts_at, absence.ends_at) and tx.absences.end(other.id, arrived.now)
    ]
    tx.absences.add(absence)
    refresh_homes(tx, arrived)
    write_down(
        tx,
        arrived,
        "absence.stated",
        subject=None,
        actor=slack_actor(command.by.id),
        absence=absence.model_dump(mode="json"),
        replaced=replaced,
    )
    began, ended = AbsenceBegan(absence_id=absence.id), AbsenceEnded(absence_id=absence.id)
    for at, timer in ((absence.starts_at, began), (absence.ends_at, ended)):
        key = f"{timer.type}:{absence.id}"
        wake_at(tx, arrived, at, timer, key=key, correlation_id=arrived.correlation_id)
    if leave.told:
        channel, notice = leave.told
        post(tx, arrived, notice, channel, by=SYSTEM)
    answer(tx, arrived, leave.shown, command.reply_to)
