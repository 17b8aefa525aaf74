"""Show managers when which digest goes where, and the form in which one is changed."""

from __future__ import annotations

from datetime import datetime

from handlers.admission import admit
from handlers.answers.answering import fill
from handlers.commands import ScheduleFormRequested, SchedulesRequested
from handlers.context import Arrived, Context, Write
from handlers.digests.schedules import InForce, schedules_in_force
from handlers.digests.whose_figures import FOR_MANAGERS, whose_figures
from handlers.outcomes import Notice, ScheduleForm, ScheduleLine, SchedulesShown, Window
from handlers.ports import Colleague
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.decision import Role
from policy.digest import TITLES
from policy.organisation import Organisation
from policy.rhythm import Rhythm, schedule_words
from storage.transaction import Transaction

MAY_CHANGE = frozenset({Role.MANAGER.value, Role.ADMIN.value})
UNKNOWN = Notice(
    text="This digest is not among yours any more.",
    next_step="Nothing was changed. Open “Schedules…” on the Home tab again.",
)
ONLY_LOOK = Notice(
    text="Schedules are changed by managers and admins.",
    next_step="Nothing was changed. One of them can do it on their Home tab.",
)


async def show_schedules(command: SchedulesRequested, arrived: Arrived, context: Context) -> Write:
    """Fill the waiting window with the schedules of whoever asks."""
    colleague = await admit(command.by.id, None, context)

    def write(tx: Transaction) -> None:
        shown: Window = colleague if isinstance(colleague, Notice) else _list(tx, arrived, colleague, context)
        if isinstance(shown, Notice):
            write_down(
                tx,
                arrived,
                "request.refused",
                subject=None,
                actor=slack_actor(command.by.id),
                asked="schedules",
            )
        fill(tx, arrived, shown, command.view_id, by=command.by.id)

    return write


async def show_schedule_form(command: ScheduleFormRequested, arrived: Arrived, context: Context) -> Write:
    """Show the form for one schedule in the window that lists them."""
    colleague = await admit(command.by.id, None, context)

    def write(tx: Transaction) -> None:
        shown: Window = colleague if isinstance(colleague, Notice) else UNKNOWN
        if not isinstance(colleague, Notice):
            found = own_schedule(tx, command.schedule_id, colleague, context.organisation)
            shown = found if isinstance(found, Notice) else _form(found, context.organisation)
        again = f":{command.schedule_id}:{arrived.item_id}"
        fill(tx, arrived, shown, command.view_id, by=command.by.id, again=again)

    return write


def own_schedule(
    tx: Transaction, schedule_id: str, colleague: Colleague, organisation: Organisation
) -> InForce | Notice:
    """Return a schedule that somebody may change, else why they may not."""
    found = next((e for e in _own(tx, colleague, organisation) or () if e.schedule.id == schedule_id), None)
    if found is None:
        return UNKNOWN
    return found if may_change(colleague, organisation) else ONLY_LOOK


def may_change(colleague: Colleague, organisation: Organisation) -> bool:
    """Say whether somebody may change schedules at all; compliance only looks at them."""
    return bool(MAY_CHANGE & set(organisation.roles_of(colleague.email)))


def line_of(found: InForce, now: datetime, context: Context) -> ScheduleLine:
    """Return one schedule as people read it."""
    schedule, zone = found.schedule, zone_name(found, context.organisation)
    return ScheduleLine(
        schedule_id=schedule.id,
        title=TITLES[schedule.kind],
        team=schedule.team,
        channel=schedule.channel,
        words=schedule_words(schedule, zone),
        next_at=context.next_occurrence(schedule, now) if found.is_on else None,
        is_on=found.is_on,
        changed_by=found.changed.by_name if found.changed else "",
        changed_at=found.changed.at if found.changed else None,
    )


def zone_name(found: InForce, organisation: Organisation) -> str:
    """Return the name of the time zone in which a schedule counts."""
    return found.schedule.time_zone or organisation.time_zone


def _list(
    tx: Transaction, arrived: Arrived, colleague: Colleague, context: Context
) -> SchedulesShown | Notice:
    own = _own(tx, colleague, context.organisation)
    if own is None:
        return FOR_MANAGERS
    return SchedulesShown(
        lines=tuple(line_of(each, arrived.now, context) for each in own),
        may_change=may_change(colleague, context.organisation),
    )


def _own(tx: Transaction, colleague: Colleague, organisation: Organisation) -> tuple[InForce, ...] | None:
    """Return the schedules whose figures somebody may see; None for who may see none."""
    whose = whose_figures(colleague, organisation)
    if whose is None:
        return None
    all_ = schedules_in_force(tx, organisation)
    return tuple(each for each in all_ if whose.team is None or each.schedule.team == whose.team)


def _form(found: InForce, organisation: Organisation) -> ScheduleForm:
    schedule, zone = found.schedule, zone_name(found, organisation)
    rhythm = Rhythm.of(schedule.cron)
    return ScheduleForm(
        schedule_id=schedule.id,
        mark=found.mark,
        title=TITLES[schedule.kind],
        team=schedule.team,
        words=schedule_words(schedule, zone),
        zone=zone,
        day=rhythm.day if rhythm else None,
        at=rhythm.at if rhythm else None,
        channel=schedule.channel,
        is_on=found.is_on,
    )
