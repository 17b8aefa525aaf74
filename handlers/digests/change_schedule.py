"""A manager changes when a digest comes, where it goes, or whether it comes at all."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.commands import ScheduleChanged
from handlers.context import Arrived, Context, Write
from handlers.digests.figures import zone_of
from handlers.digests.schedules import InForce, ScheduleChange, keep_change, schedules_in_force
from handlers.digests.show_schedules import line_of, own_schedule, zone_name
from handlers.outcomes import Notice
from handlers.ports import Colleague
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.rhythm import Rhythm, schedule_words
from storage.transaction import Transaction

MEANWHILE = Notice(
    text="Somebody changed this schedule while your window was open.",
    next_step="Nothing was changed by you. Open “Schedules…” again to see how it stands.",
)
OUTSIDERS = Notice(
    text="People of other organisations may read that channel, or I am not in it.",
    next_step="Nothing was changed. Invite me with /invite, or choose a channel of your own organisation.",
)
ON = "“{title}”: {words}, in {channel}."
OFF = "“{title}” is not delivered any more."
NEXT = "It comes next on {day}. In force now, on every replica."
AGAIN = "“Schedules…” on the Home tab brings it back."


async def change_schedule(command: ScheduleChanged, arrived: Arrived, context: Context) -> Write:
    """Keep what was changed, for whoever may; a channel that outsiders can read is refused."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: _refuse(tx, command, arrived, colleague)
    if command.channel and await context.chat.is_shared_outside(command.channel, lately=True) is not False:
        return lambda tx: _refuse(tx, command, arrived, OUTSIDERS)
    return lambda tx: _change(tx, command, arrived, colleague, context)


def _change(
    tx: Transaction, command: ScheduleChanged, arrived: Arrived, colleague: Colleague, context: Context
) -> None:
    before = own_schedule(tx, command.schedule_id, colleague, context.organisation)
    if isinstance(before, Notice) or before.mark != command.mark:
        _refuse(tx, command, arrived, before if isinstance(before, Notice) else MEANWHILE)
        return
    earlier = before.changed
    change = ScheduleChange(
        cron=_cron(command, before) or (earlier.cron if earlier else None),
        channel=command.channel or (earlier.channel if earlier else None),
        is_on=command.is_on,
        by=slack_actor(colleague.id),
        by_name=colleague.name,
        at=arrived.now,
    )
    keep_change(tx, command.schedule_id, change, arrived.now)
    all_ = schedules_in_force(tx, context.organisation)
    after = next(each for each in all_ if each.schedule.id == command.schedule_id)
    write_down(
        tx,
        arrived,
        "digest.schedule_changed",
        subject=None,
        actor=slack_actor(colleague.id),
        schedule=command.schedule_id,
        name=colleague.name,
        before=_said(before),
        after=_said(after),
    )
    answer(tx, arrived, _told(after, arrived, context), command.reply_to)


def _cron(command: ScheduleChanged, before: InForce) -> str | None:
    """Return the new time; None where it is as it was, so that the organisation file goes on ruling it."""
    if command.day is None or command.at is None:
        return None
    wanted = Rhythm(day=command.day, at=command.at)
    return None if wanted == Rhythm.of(before.schedule.cron) else wanted.cron


def _said(found: InForce) -> dict[str, object]:
    schedule = found.schedule
    when = schedule.cron or f"every {schedule.every_minutes} minutes"
    return {"when": when, "channel": schedule.channel, "on": found.is_on}


def _told(after: InForce, arrived: Arrived, context: Context) -> Notice:
    line = line_of(after, arrived.now, context)
    if not after.is_on:
        return Notice(text=OFF.format(title=line.title), next_step=AGAIN)
    words = schedule_words(after.schedule, zone_name(after, context.organisation))
    channel = after.schedule.channel
    shown = channel if channel.startswith("#") else "the channel you chose"
    zone = zone_of(after.schedule, context.organisation)
    day = f"{line.next_at.astimezone(zone):%A, %d %B at %H:%M}" if line.next_at else "–"
    return Notice(
        text=ON.format(title=line.title, words=words, channel=shown), next_step=NEXT.format(day=day)
    )


def _refuse(tx: Transaction, command: ScheduleChanged, arrived: Arrived, why: Notice) -> None:
    write_down(
        tx,
        arrived,
        "digest.schedule_refused",
        subject=None,
        actor=slack_actor(command.by.id),
        schedule=command.schedule_id,
        reason=why.text,
    )
    answer(tx, arrived, why, command.reply_to)
