"""`countersign status`: how the whole installation fares, from its database alone."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.cli.complaint import complain
from bot.cli.console import print_json, say
from bot.cli.finding import folded
from bot.cli.opening import CannotOpen, opened
from bot.cli.organisation import organisation_here
from bot.clock import SystemClock
from bot.files import FileInvalid
from bot.heartbeat import EVERY_S
from bot.occurrences import INSTALLED_AT, next_in, owed, owed_since
from bot.policy_in_force import PolicyInForce
from handlers.digests.schedules import schedules_in_force
from handlers.service.attention import OURS
from handlers.service.counterparts import COUNTERPARTS, HOW
from handlers.service.state import BudgetStatus, ReplicaStatus, ScheduleStatus, ServiceStatus
from handlers.service.status import Turn, service_status
from policy.closed import nothing_allowed
from policy.organisation import Organisation
from storage.holders import holders
from storage.transaction import Transaction

WIDTH = 14
LATE_S = 2 * EVERY_S
"""Whoever lives was heard of more lately than that, unless the database took its time."""
HELD = (
    "{program} of the role {role} holds since {since} UTC what the service waits for, and nothing goes on. "
    "countersign doctor says how to end it."
)
BEGINNING = datetime.min.replace(tzinfo=UTC)
SAID = {
    "cannot_store": "cannot store what arrives",
    "slack_held": "Slack asks us to wait",
    "crm_held": "the CRM asks us to wait",
    "model_open": "the model is left alone",
    "slack_cut_off": "Socket Mode is not connected",
    "slack_refused": "refuses all that Slack signs",
    "crm_refused": "refuses all that the CRM signs",
    "clock_off": "its clock is wrong",
    "database_clock_off": "the database server's clock is wrong",
    "time_doubtful": "waits with what goes by the clock",
    "redis_down": "Redis does not answer or takes nothing",
}


def run(options: argparse.Namespace) -> int:
    """Print the status; exit code 1 when something needs a person."""
    try:
        organisation = organisation_here()
        found = asyncio.run(_read(options.database, organisation))
    except (CannotOpen, FileInvalid) as problem:
        return complain(str(problem))
    if options.json:
        print_json(found.model_dump(mode="json"))
    else:
        _show(found, organisation)
    return 1 if found.attention else 0


async def _read(url: str | None, organisation: Organisation | None) -> ServiceStatus:
    now = SystemClock().now()
    async with opened(url) as database:
        return await database.read(lambda tx: _of_all(tx, organisation, now))


def _of_all(tx: Transaction, organisation: Organisation | None, machine: datetime) -> ServiceStatus:
    now = _agreed(tx, machine)
    readable = PolicyInForce().current(tx).version != nothing_allowed().version
    turns = _turns(tx, organisation, now)
    found = service_status(tx, now, organisation, turns, rules_readable=readable)
    held = [
        HELD.format(program=each.program or "A program", role=each.role, since=each.since)
        for each in holders(tx.basis.connection)
    ]
    return found.model_copy(update={"attention": (*held, *found.attention)})


def _agreed(tx: Transaction, machine: datetime) -> datetime:
    """Return the time that the processes go by: this machine's clock may be another's, and off."""
    server = tx.replicas.clock()
    latest = max(tx.replicas.since(BEGINNING), key=lambda each: each.seen_at, default=None)
    return machine if server is None or (latest and latest.report.get("database_clock_off")) else server


def _turns(tx: Transaction, organisation: Organisation | None, now: datetime) -> dict[str, Turn]:
    """Return when each schedule was due last, since the installation began, and when it will be next."""
    since = owed_since(tx.settings.get(INSTALLED_AT), now)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    daily = Turn(midnight if since < midnight else None, midnight + timedelta(days=1))
    turns = dict.fromkeys(("retention_due", "replay_due", "drift_due"), daily)
    if organisation is None:
        return turns
    every = 60 * organisation.checkpoint_minutes
    # Whether it is late is seen by what is not signed.
    turns["checkpoint_due"] = Turn(None, datetime.fromtimestamp((now.timestamp() // every + 1) * every, UTC))
    schedules = schedules_in_force(tx, organisation)
    before = {each.schedule.id: each.at for each in owed(organisation, schedules, since, now)}
    when = next_in(organisation)
    for each in schedules:
        after = when(each.schedule, now) if each.is_on else None
        turns[each.schedule.id] = Turn(before.get(each.schedule.id), after)
    return turns


def _show(found: ServiceStatus, organisation: Organisation | None) -> None:
    zone = ZoneInfo(organisation.time_zone) if organisation else UTC
    _headline(found)
    say("")
    for queue in found.queues:
        wait = f", the longest for {_span(queue.oldest_wait_s)}" if queue.oldest_wait_s >= 1 else ""
        name = "Arrived" if queue.name == "inbox" else "To be sent"
        _line(
            name,
            f"{queue.due} due now{wait}; {queue.in_flight} being worked on; "
            f"{queue.later} planned for later; {queue.dead} set aside",
        )
    for waiting in found.waiting_for:
        silent = f"{COUNTERPARTS[waiting.who]}, which {HOW[waiting.who]} for {_span(waiting.since_s)}"
        _line("Waiting", f"{waiting.items:,} for {silent}")
    if found.set_aside:
        _line("Set aside", ", ".join(f"{count} × {code}" for code, count in found.set_aside.items()))
    _line("Decisions", _decisions(found, zone))
    for replica in found.replicas:
        _line("Process", _of(replica))
    for pause in found.pauses:
        until = f"until {_when(pause.until, zone)}" if pause.until else "until somebody resumes it"
        _line("Paused", f"{pause.capability} by {pause.by_name} since {_when(pause.since, zone)}, {until}")
    _line("Model costs", ", ".join(map(_cost, found.budgets)))
    for schedule in found.schedules:
        _line("Schedule", _schedule(schedule, zone))
    _line("Rules", f"version {found.policy_version[:12]} is in force" if found.policy_version else "none")
    _line("Figures", _figures(found.figure_days_missing))
    _line("Audit log", _audit(found, zone))
    if found.replay:
        replay = found.replay
        _line(
            "Replay",
            f"{_when(replay.at, zone)}: {replay.same:,} decisions came out the same, {replay.differ:,} differ"
            + (f", {replay.not_replayable:,} could not be tried" if replay.not_replayable else ""),
        )


def _headline(found: ServiceStatus) -> None:
    if found.attention:
        say("Needs somebody:", "bold red")
        for each in found.attention:
            say(folded("  • ", each), "red")
    elif found.waiting_for:
        say("Nothing needs anybody: what waits for another service follows by itself.", "bold green")
    else:
        say("Everything is in order.", "bold green")


def _line(name: str, text: str) -> None:
    say(folded(f"{name:<{WIDTH}}", text))


def _decisions(found: ServiceStatus, zone: tzinfo) -> str:
    waiting = found.decisions
    if not waiting.open:
        return "none waits for anybody"
    since = waiting.oldest_since
    ago = f" ({_span((found.at - since).total_seconds())})" if since else ""
    return f"{waiting.open:,} wait for somebody, the oldest since {_when(since, zone)}{ago}"


def _cost(budget: BudgetStatus) -> str:
    spent = f"{budget.spent_micros / 1_000_000:,.2f}"
    limit = (
        f" of {budget.limit_micros / 1_000_000:,.2f}" if budget.limit_micros is not None else " (no limit)"
    )
    return f"last {budget.period} {spent}{limit}"


def _of(replica: ReplicaStatus) -> str:
    state = "alive" if replica.alive else f"silent for {_span(replica.silent_s)}"
    if replica.alive and replica.silent_s >= LATE_S:
        state = f"last heard of {_span(replica.silent_s)} ago"
    report = "; ".join(SAID[name] for name in SAID if replica.report.get(name))
    return f"{replica.id} ({replica.role}, {replica.version}) {state}" + (f"; {report}" if report else "")


def _schedule(schedule: ScheduleStatus, zone: tzinfo) -> str:
    last = f"last {_when(schedule.last_at, zone)}" if schedule.last_at else "not yet"
    return f"{OURS.get(schedule.id, schedule.id)}: {last}" + (
        f", next {_when(schedule.next_at, zone)}" if schedule.next_at else ""
    )


def _figures(missing: int) -> str:
    if not missing:
        return "every day that is over is added up"
    days = "1 day is" if missing == 1 else f"{missing:,} days are"
    return f"{days} still to be added up; pages over much of that say when to look again"


def _audit(found: ServiceStatus, zone: tzinfo) -> str:
    text = f"{found.entries:,} entries"
    if found.unsealed:
        text += f", {found.unsealed:,} more wait for their place in the chain"
    if found.checkpoint:
        return f"{text}; signed up to {found.checkpoint.size:,} on {_when(found.checkpoint.at, zone)}"
    return f"{text}; not signed yet"


def _when(moment: datetime | None, zone: tzinfo) -> str:
    if moment is None:
        return "never"
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def _span(seconds: float) -> str:
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds // unit:.0f} {name}"
    return f"{seconds:.0f} s"
