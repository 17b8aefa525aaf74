"""`countersign status`: how the whole installation fares, from its database alone."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.cli.console import print_json, say
from bot.cli.opening import CannotOpen, opened
from bot.cli.operator import organisation_here
from bot.cli.running import complain
from bot.clock import SystemClock
from bot.files import FileInvalid
from bot.scheduler import next_in
from handlers.digests.schedules import schedules_in_force
from handlers.service.status import ReplicaStatus, ScheduleStatus, ServiceStatus, service_status
from policy.organisation import Organisation
from storage.transaction import Transaction

WIDTH = 14


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
        return await database.read(
            lambda tx: service_status(tx, now, organisation, _next(tx, organisation, now))
        )


def _next(tx: Transaction, organisation: Organisation | None, now: datetime) -> Mapping[str, datetime | None]:
    if organisation is None:
        return {}
    when = next_in(organisation)
    in_force = schedules_in_force(tx, organisation)
    return {each.schedule.id: when(each.schedule, now) if each.is_on else None for each in in_force}


def _show(found: ServiceStatus, organisation: Organisation | None) -> None:
    zone = ZoneInfo(organisation.time_zone) if organisation else UTC
    if found.attention:
        say("Needs somebody:", "bold red")
        for each in found.attention:
            say(f"  • {each}", "red")
    else:
        say("Everything is in order.", "bold green")
    say("")
    for queue in found.queues:
        wait = f", the longest for {_span(queue.oldest_wait_s)}" if queue.oldest_wait_s >= 1 else ""
        name = "Arrived" if queue.name == "inbox" else "To be sent"
        _line(
            name,
            f"{queue.due} due now{wait}; {queue.in_flight} being worked on; "
            f"{queue.later} planned for later; {queue.dead} set aside",
        )
    if found.set_aside:
        _line("Set aside", ", ".join(f"{count} × {code}" for code, count in found.set_aside.items()))
    for replica in found.replicas:
        _line("Process", _of(replica))
    for pause in found.pauses:
        until = f"until {_when(pause.until, zone)}" if pause.until else "until somebody resumes it"
        _line("Paused", f"{pause.capability} by {pause.by_name} since {_when(pause.since, zone)}, {until}")
    for schedule in found.schedules:
        _line("Schedule", _schedule(schedule, zone))
    _line("Rules", f"version {found.policy_version[:12]} is in force" if found.policy_version else "none")
    _line("Audit log", _audit(found, zone))
    if found.replay:
        replay = found.replay
        _line(
            "Replay",
            f"{_when(replay.at, zone)}: {replay.same:,} decisions came out the same, {replay.differ:,} differ"
            + (f", {replay.not_replayable:,} could not be tried" if replay.not_replayable else ""),
        )


def _line(name: str, text: str) -> None:
    say(f"{name:<{WIDTH}}{text}")


def _of(replica: ReplicaStatus) -> str:
    state = "alive" if replica.alive else f"silent for {_span(replica.silent_s)}"
    report = "; ".join(
        f"{name.replace('_', ' ')}: {value}" for name, value in replica.report.items() if value
    )
    return f"{replica.id} ({replica.role}, {replica.version}) {state}" + (f"; {report}" if report else "")


def _schedule(schedule: ScheduleStatus, zone: tzinfo) -> str:
    last = f"last {_when(schedule.last_at, zone)}" if schedule.last_at else "not yet"
    return f"{schedule.id}: {last}" + (f", next {_when(schedule.next_at, zone)}" if schedule.next_at else "")


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
    span = timedelta(seconds=round(seconds))
    return f"{span.seconds} s" if span < timedelta(minutes=2) else str(span)
