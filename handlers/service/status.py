"""Read how everything fares, and name what needs somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import JsonValue

from handlers.record.last_checks import REPLAYED, last_checks
from handlers.service.attention import attention
from handlers.service.counterparts import COUNTERPARTS, SILENCE
from handlers.service.queues import queues
from handlers.service.state import (
    BudgetStatus,
    CheckpointStatus,
    DecisionsStatus,
    PauseStatus,
    QueueStatus,
    ReplayStatus,
    ReplicaStatus,
    ScheduleStatus,
    ServiceStatus,
    WaitingStatus,
)
from policy.organisation import Organisation
from storage.lease_counts import Standing
from storage.replicas import Replica
from storage.transaction import Transaction

ALIVE = timedelta(seconds=45)
REMEMBERED = timedelta(hours=1)
BUDGETS: tuple[tuple[Literal["hour", "day"], timedelta, str], ...] = (
    ("hour", timedelta(hours=1), "hourly_budget_micros"),
    ("day", timedelta(days=1), "daily_budget_micros"),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """When a schedule was due last, and when it will be next; None where it never was or will not be."""

    before: datetime | None
    after: datetime | None


def service_status(
    tx: Transaction,
    now: datetime,
    organisation: Organisation | None,
    turns: Mapping[str, Turn],
    *,
    rules_readable: bool = True,
) -> ServiceStatus:
    """Return the state of the whole installation; *turns* says when each of its schedules is due.

    Whether the rules in force can be read is known to whoever compiles them.
    """
    latest = tx.occurrences.latest(turns)
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
            ScheduleStatus(id=each, last_at=latest.get(each), due_at=turn.before, next_at=turn.after)
            for each, turn in sorted(turns.items())
        ),
        pauses=tuple(
            PauseStatus(capability=p.capability, by_name=p.by_name, since=p.since, until=p.until)
            for p in tx.pauses.in_force(now)
        ),
        entries=entries,
        unsealed=unsealed,
        checkpoint=CheckpointStatus(size=signed.size, at=signed.at) if signed else None,
        replay=_replay(tx.settings.get(REPLAYED)),
        log_holds=last_checks(tx).ok,
        budgets=_budgets(tx, now),
        decisions=_decisions(tx),
        open_alarms=len(tx.alarms.open()),
        figure_days_missing=tx.tallies.days_missing(now),
    )
    said = attention(found, organisation, rules_readable=rules_readable)
    return found.model_copy(update={"attention": tuple(said)})


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


def _decisions(tx: Transaction) -> DecisionsStatus:
    count, since = tx.escalations.waiting()
    return DecisionsStatus(open=count, oldest_since=since)


def _replica(each: Replica, now: datetime) -> ReplicaStatus:
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
