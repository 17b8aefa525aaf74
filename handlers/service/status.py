"""How everything fares: queues, lags, schedules, replicas, what is held up, and what needs somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, JsonValue

from handlers.record.replay_decisions import RESULT as REPLAY_RESULT
from handlers.service.counterparts import COUNTERPARTS, HOW, SILENCE, SILENT_S
from handlers.service.dead_letters import queues
from policy.organisation import Organisation
from policy.value import Value
from storage.lease_counts import Standing
from storage.transaction import Transaction

ALIVE = timedelta(seconds=45)
REMEMBERED = timedelta(hours=1)
LATE = timedelta(minutes=5)
CHECKPOINT_SLACK = timedelta(minutes=15)
REPLAY_LATE = timedelta(hours=36)
DIGEST_LATE = timedelta(hours=1)
MOST_UNSEALED = 10_000


class QueueStatus(Value):
    """One queue: what is due, later, worked on and set aside; the longest wait in seconds."""

    name: str
    due: int
    later: int
    in_flight: int
    dead: int
    oldest_wait_s: float


class WaitingStatus(Value):
    """Work that waits for a counterpart ("crm", "slack"): how much, and for how many seconds already.

    What waits for Slack to let the app in again waits for "slack_access".
    """

    who: str
    items: int
    since_s: float


class ReplicaStatus(Value):
    """One process: when it was heard of last, and what it reports about itself."""

    id: str
    role: str
    version: str
    started_at: AwareDatetime
    silent_s: float
    alive: bool
    report: dict[str, JsonValue]


class ScheduleStatus(Value):
    """One schedule: when it last came to pass and when it will next, as far as that is known."""

    id: str
    last_at: AwareDatetime | None
    next_at: AwareDatetime | None = None


class PauseStatus(Value):
    """Something somebody has paused."""

    capability: str
    by_name: str
    since: AwareDatetime
    until: AwareDatetime | None


class CheckpointStatus(Value):
    """The last signed checkpoint of the audit log, and how much came after it."""

    size: int
    at: AwareDatetime


class ReplayStatus(Value):
    """What came of deciding every recorded decision again."""

    at: AwareDatetime
    same: int
    differ: int
    not_replayable: int


class BudgetStatus(Value):
    """What models cost in the last hour or day, in millionths, and how much they may cost, if that is set."""

    period: Literal["hour", "day"]
    spent_micros: int
    limit_micros: int | None


class DecisionsStatus(Value):
    """How many decisions wait for a person, and since when the oldest of them does."""

    open: int
    oldest_since: AwareDatetime | None


class ServiceStatus(Value):
    """Everything at one moment; *attention* names what needs a person, the worst first.

    *figure_days_missing* is how many days that are over are still to be added up for managers' figures.
    """

    at: AwareDatetime
    installed_at: AwareDatetime | None
    policy_version: str | None
    queues: tuple[QueueStatus, ...]
    set_aside: dict[str, int]
    waiting_for: tuple[WaitingStatus, ...] = ()
    replicas: tuple[ReplicaStatus, ...]
    schedules: tuple[ScheduleStatus, ...]
    pauses: tuple[PauseStatus, ...]
    entries: int
    unsealed: int
    checkpoint: CheckpointStatus | None
    replay: ReplayStatus | None
    budgets: tuple[BudgetStatus, ...] = ()
    decisions: DecisionsStatus = DecisionsStatus(open=0, oldest_since=None)
    open_alarms: int = 0
    figure_days_missing: int = 0
    attention: tuple[str, ...] = ()


def service_status(
    tx: Transaction,
    now: datetime,
    organisation: Organisation | None,
    next_at: Mapping[str, datetime | None],
    *,
    rules_readable: bool = True,
) -> ServiceStatus:
    """Return the state of the whole installation; *next_at* says when each schedule comes next.

    Whether the rules in force can be read is known to whoever compiles them.
    """
    latest = tx.occurrences.latest()
    in_force = tx.policies.version_in_force()
    signed = tx.checkpoints.latest()
    entries, unsealed = tx.audit.sizes()
    standings = {name: queue.standing(now) for name, queue in queues(tx)}
    found = ServiceStatus(
        at=now,
        installed_at=_moment(tx.settings.get("installed_at")),
        policy_version=in_force,
        queues=tuple(_queue(name, standing, now) for name, standing in standings.items()),
        set_aside=_set_aside(tx),
        waiting_for=_waiting_for(standings.values(), now),
        replicas=tuple(_replica(each, now) for each in tx.replicas.since(now - REMEMBERED)),
        schedules=tuple(
            ScheduleStatus(id=each, last_at=latest.get(each), next_at=next_at.get(each))
            for each in sorted({*latest, *next_at})
        ),
        pauses=tuple(
            PauseStatus(capability=p.capability, by_name=p.by_name, since=p.since, until=p.until)
            for p in tx.pauses.in_force(now)
        ),
        entries=entries,
        unsealed=unsealed,
        checkpoint=CheckpointStatus(size=signed.size, at=signed.at) if signed else None,
        replay=_replay(tx.settings.get(REPLAY_RESULT)),
        budgets=_budgets(tx, now),
        decisions=_decisions(tx),
        open_alarms=len(tx.alarms.open()),
        figure_days_missing=tx.tallies.days_missing(now),
    )
    said = () if rules_readable or in_force is None else (UNREADABLE_RULES,)
    return found.model_copy(update={"attention": (*said, *_attention(found, organisation))})


def _attention(found: ServiceStatus, organisation: Organisation | None) -> list[str]:
    return [
        *_of_replicas(found),
        *_of_queues(found),
        *_of_counterparts(found),
        *_of_evidence(found, organisation),
        *(USED_UP.format(each.period) for each in found.budgets if _is_used_up(each)),
        *(f"{p.capability} is paused by {p.by_name}." for p in found.pauses),
        *_of_alarms(found),
    ]


def _of_alarms(found: ServiceStatus) -> list[str]:
    if not found.open_alarms:
        return []
    several = "1 drift alarm waits" if found.open_alarms == 1 else f"{found.open_alarms} drift alarms wait"
    return [f"{several} to be acknowledged: countersign eval alarms shows what drifted."]


def _of_replicas(found: ServiceStatus) -> list[str]:
    alive = [each for each in found.replicas if each.alive]
    said = [] if alive else ["No process of the service is running. Start it: countersign serve."]
    said += [
        f"{each.id} stopped without saying so, {_ago(each.silent_s)} ago. Is its machine up?"
        for each in found.replicas
        if not each.alive
    ]
    if len({each.version for each in alive}) > 1:
        said.append("The processes run different versions. Finish the upgrade.")
    if alive and not any(each.role in ("all", "worker") for each in alive):
        said.append("No process works through the queues. Start one with COUNTERSIGN_ROLE=worker.")
    if alive and not any(each.role in ("all", "scheduler") for each in alive):
        said.append("No process watches the clock. Start one with COUNTERSIGN_ROLE=scheduler.")
    for each in alive:
        said += [f"{each.id}: {CONDITIONS[name]}" for name in CONDITIONS if each.report.get(name)]
    return said


CONDITIONS = {
    "slack_held": "Slack has asked us to wait; messages follow by themselves.",
    "crm_held": "the CRM has asked us to wait; what needs it follows by itself.",
    "model_open": "the language model fails and is left alone for a while; texts come from CRM records.",
    "slack_cut_off": "Socket Mode is not connected, so nobody's click arrives here.",
    "clock_off": "this machine's clock is wrong, so what Slack sends is refused. Switch on NTP.",
    "redis_down": "Redis does not answer; replicas find work every second instead of at once.",
}


UNREADABLE_RULES = (
    "The rules in force cannot be read, so nothing is allowed: countersign doctor says what to do."
)

USED_UP = "What models may cost in the {0} is used up; texts come from CRM records until it is over."
BUDGETS: tuple[tuple[Literal["hour", "day"], timedelta, str], ...] = (
    ("hour", timedelta(hours=1), "hourly_budget_micros"),
    ("day", timedelta(days=1), "daily_budget_micros"),
)


def _of_queues(found: ServiceStatus) -> list[str]:
    late = [q for q in found.queues if q.oldest_wait_s > LATE.total_seconds()]
    said = [f"The {q.name} is late: something has been due for {_ago(q.oldest_wait_s)}." for q in late]
    dead = sum(q.dead for q in found.queues)
    if dead:
        which = "1 item is" if dead == 1 else f"{dead} items are"
        said.append(f"{which} set aside. Look: countersign inbox list.")
    return said


def _of_counterparts(found: ServiceStatus) -> list[str]:
    """Say of whom nothing is heard; a moment's silence needs nobody."""
    return [
        f"{_first_upper(COUNTERPARTS[each.who])} {HOW[each.who]} for {_ago(each.since_s)}. "
        f"What needs it ({each.items:,}) follows by itself; countersign doctor says what is wrong."
        for each in found.waiting_for
        if each.since_s >= SILENT_S
    ]


def _of_evidence(found: ServiceStatus, organisation: Organisation | None) -> list[str]:
    said = []
    if found.policy_version is None:
        said.append("No rules are in force, so nothing is allowed. Start the service, or activate a policy.")
    every = timedelta(minutes=organisation.checkpoint_minutes if organisation else 60)
    signed = found.checkpoint
    if signed and found.entries > signed.size and found.at - signed.at > every + CHECKPOINT_SLACK:
        said.append("The audit log was not signed when it should have been: countersign audit verify.")
    if found.unsealed > MOST_UNSEALED:
        said.append(f"{found.unsealed:,} audit entries wait for their place in the chain.")
    if found.replay and found.replay.differ:
        said.append(f"{found.replay.differ} recorded decisions would come out differently: audit replay.")
    if found.replay and found.at - found.replay.at > REPLAY_LATE:
        said.append("Recorded decisions were not replayed for more than a day.")
    overdue = [s for s in found.schedules if s.next_at and found.at - s.next_at > DIGEST_LATE]
    return [*said, *(f"The schedule {s.id} is overdue." for s in overdue)]


def _queue(name: str, standing: Standing, now: datetime) -> QueueStatus:
    since = standing.waiting_since
    return QueueStatus(
        name=name, oldest_wait_s=(now - since).total_seconds() if since else 0, **standing.counts
    )


def _waiting_for(standings: Iterable[Standing], now: datetime) -> tuple[WaitingStatus, ...]:
    found = [each for standing in standings for each in standing.tried.items()]
    return tuple(
        WaitingStatus(
            who=who,
            items=sum(count for _, (count, _) in theirs),
            since_s=max((now - since).total_seconds() for _, (_, since) in theirs),
        )
        for who in COUNTERPARTS
        if (theirs := [each for each in found if each[0] in SILENCE[who]])
    )


def _set_aside(tx: Transaction) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, queue in queues(tx):
        for (_, code), count in queue.dead_since(None).items():
            found[code] = found.get(code, 0) + count
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _budgets(tx: Transaction, now: datetime) -> tuple[BudgetStatus, ...]:
    """Return what was spent beside the limits that the processes report, which know the settings."""
    reports = [each.report for each in tx.replicas.since(now - ALIVE)]
    return tuple(
        BudgetStatus(
            period=period,
            spent_micros=tx.calls.spent(now - span),
            limit_micros=next((v for r in reports if isinstance(v := r.get(name), int)), None),
        )
        for period, span, name in BUDGETS
    )


def _is_used_up(budget: BudgetStatus) -> bool:
    return budget.limit_micros is not None and budget.spent_micros >= budget.limit_micros


def _decisions(tx: Transaction) -> DecisionsStatus:
    count, since = tx.escalations.waiting()
    return DecisionsStatus(open=count, oldest_since=since)


def _replica(each: Any, now: datetime) -> ReplicaStatus:
    silent = max((now - each.seen_at).total_seconds(), 0.0)
    return ReplicaStatus(
        id=each.id,
        role=each.role,
        version=each.version,
        started_at=each.started_at,
        silent_s=silent,
        alive=silent < ALIVE.total_seconds(),
        report=dict(each.report),
    )


def _replay(result: JsonValue) -> ReplayStatus | None:
    if not isinstance(result, dict):
        return None
    skipped = result.get("not_replayable")
    return ReplayStatus.model_validate(
        {
            "at": result["at"],
            "same": result["same"],
            "differ": result["differ"],
            "not_replayable": sum(skipped.values()) if isinstance(skipped, dict) else 0,
        }
    )


def _moment(value: JsonValue) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _ago(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]
