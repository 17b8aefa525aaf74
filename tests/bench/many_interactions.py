"""A year of interactions, a million of them, put straight into the tables that figures are counted from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.util import await_only

from policy.interactions import Kind
from storage.columns import microseconds
from storage.interaction_rows import CountedBy, group_id
from storage.recommendations import cluster_of
from storage.schema import (
    CAMPAIGNS_COUNTED,
    CONSIDERATIONS,
    GIFTS_AFTER,
    INTERACTION_GROUPS,
    INTERACTIONS,
    JUDGEMENTS,
    RECOMMENDATIONS,
)

END = datetime(2027, 1, 4, tzinfo=UTC)
YEAR = timedelta(days=364)
PEOPLE = [f"U{number:04d}" for number in range(60)]
ACTIONS = ("create_task", "record_acknowledgement", "schedule_follow_up", "update_stage", "draft_message")
STAGES = ("cultivation", "solicitation", "stewardship", "retention", "reactivation")
PROMPTS = ("recommend 1", "recommend 2")
ENDS = (
    (Kind.APPROVED, "", 60),
    (Kind.APPROVED_EDITED, "", 12),
    (Kind.DECLINED, "wrong_timing", 8),
    (Kind.DECLINED, "already_done", 6),
    (Kind.SENT_BACK, "stale_facts", 4),
    (Kind.EXPIRED, "", 10),
)
OTHERS = ((Kind.SUMMARY, 50), (Kind.TIMELINE, 10), (Kind.USEFUL, 10), (Kind.NOT_USEFUL, 3), (Kind.REFUSED, 2))
CHUNK, CAMPAIGNS = 20_000, 12


def fill(connection: Connection, count: int) -> None:
    """Add *count* interactions, and a recommendation for each that is about one."""
    random, groups = Random(7), dict[int, dict[str, Any]]()
    rows, proposals, gifts, judged, considered = (list[dict[str, Any]]() for _ in range(5))
    waiting = {
        INTERACTIONS: rows,
        RECOMMENDATIONS: proposals,
        GIFTS_AFTER: gifts,
        JUDGEMENTS: judged,
        CONSIDERATIONS: considered,
    }
    for number, (row, group, proposal) in enumerate(_happened(random, count)):
        groups[group["id"]] = group
        rows.append(row | {"entry_id": f"entry-{number:07d}", "number": 0})
        if proposal:
            proposals.append(proposal)
            gifts += _gifts(proposal)
            if proposal["conclusion"] != Kind.EXPIRED:
                judged.append(_judgement(proposal))
                considered.append(_consideration(proposal, group["person"]))
        if len(rows) == CHUNK:
            _write(connection, waiting)
    _write(connection, waiting)
    _write(connection, {INTERACTION_GROUPS: list(groups.values()), CAMPAIGNS_COUNTED: list(_campaigns())})


def _write(connection: Connection, waiting: dict[Table, list[dict[str, Any]]]) -> None:
    """Write rows by the driver's fastest way: COPY, or one statement prepared once."""
    driver: Any = connection.connection.driver_connection
    for table, rows in waiting.items():
        names = [column.name for column in table.c]
        if not rows:
            continue
        if connection.dialect.name == "postgresql":
            records = [[row[name] for name in names] for row in rows]
            await_only(driver.copy_records_to_table(table.name, records=records, columns=names))
        else:
            marks = ",".join("?" * len(names))
            values = ([_plain(row[name]) for name in names] for row in rows)
            driver.executemany(f"INSERT INTO {table.name} ({','.join(names)}) VALUES ({marks})", values)
        rows.clear()


def _plain(value: Any) -> Any:
    return microseconds(value) if isinstance(value, datetime) else value


def _gifts(proposal: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if proposal["gave_at"]:
        about = {"recommendation_id": proposal["entry_id"], "donor_id": proposal["donor_id"]}
        what = {"amount_minor": 2500 + 100 * (len(proposal["entry_id"]) % 7), "currency": "USD"}
        yield about | what | {"event_id": f"g-{proposal['entry_id']}", "at": proposal["gave_at"]}


def _judgement(proposal: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"j-{proposal['entry_id']}",
        "escalation_id": proposal["escalation_id"],
        "at": proposal["concluded_at"],
        "action_kind": proposal["action_kind"],
        "accepted": proposal["conclusion"] == Kind.APPROVED,
        "score": proposal["confidence"],
        "origin": "model",
        "model": proposal["model"],
        "prompt_version": "1",
        "policy_version": "p",
    }


def _consideration(proposal: dict[str, Any], person: str) -> dict[str, Any]:
    return {
        "id": f"s-{proposal['entry_id']}",
        "escalation_id": proposal["escalation_id"],
        "user_id": person,
        "decision": proposal["conclusion"],
        "action_kind": proposal["action_kind"],
        "at": proposal["concluded_at"],
        "seconds": 60,
        "words": 120,
        "looked": False,
        "words_changed": None,
        "faster": False,
        "told": False,
    }


def _campaigns() -> Iterator[dict[str, Any]]:
    for number in range(CAMPAIGNS):
        starts = END - YEAR + number * YEAR / CAMPAIGNS
        yield {
            "campaign_id": f"campaign-{number}",
            "campaign_name": f"Appeal {number}",
            "starts_at": starts,
            "ends_at": starts + 2 * YEAR / CAMPAIGNS,
            "told_at": starts,
        }


Happened = tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]


def _happened(random: Random, count: int) -> Iterator[Happened]:
    made = 0
    while made < count:
        at = END - YEAR * random.random()
        person, action, stage = random.choice(PEOPLE), random.choice(ACTIONS), random.choice(STAGES)
        donor, number = f"donor-{random.randrange(30_000):05d}", made
        about = {"action_kind": action, "stage": stage, "model": "m", "prompt": random.choice(PROMPTS)}
        about |= {"confidence": random.choice((4, 6, 7, 8, 9)), "owner": f"{person}@x.example"}
        if random.random() < 0.55:
            kind, reason, _ = random.choices(ENDS, [each[2] for each in ENDS])[0]
            minutes = int(random.expovariate(1 / 300)) if kind is not Kind.EXPIRED else None
            proposal = _proposal(number, donor, at, about, kind, random)
            for step in (Kind.RECOMMENDED, Kind.OPENED):
                yield _row(step, "", "", at, None, donor, about)
            yield _row(
                kind, reason, person if minutes is not None else "", at, minutes, donor, about, proposal
            )
            made += 3
        else:
            other = random.choices([k for k, _ in OTHERS], [w for _, w in OTHERS])[0]
            yield _row(other, "", person, at, None, donor, {})
            made += 1


def _proposal(
    number: int, donor: str, at: datetime, about: dict[str, Any], kind: Kind, random: Random
) -> dict[str, Any]:
    gave = at + timedelta(days=200 * random.random()) if random.random() < 0.3 else None
    return about | {
        "entry_id": f"rec-{number:07d}",
        "correlation_id": f"cor-{number:07d}",
        "donor_id": donor,
        "at": at,
        "event_at": at,
        "outcome": "require_approval",
        "confidence": about["confidence"] * 10,
        "escalation_id": f"esc-{number:07d}",
        "edited": False,
        "conclusion": kind.value,
        "concluded_at": at,
        "gave_at": gave,
        "replied_at": None,
        "cluster": cluster_of(f"household-{int(donor[-5:]) // 2}"),
        "campaign_id": f"campaign-{int((at - END + YEAR) / YEAR * CAMPAIGNS)}"
        if random.random() < 0.5
        else None,
        "after_gift": random.random() < 0.5,
    }


def _row(
    kind: Kind,
    reason: str,
    person: str,
    at: datetime,
    amount: int | None,
    donor: str,
    about: dict[str, Any],
    proposal: dict[str, Any] | None = None,
) -> Happened:
    nothing = {"owner": "", "action_kind": "", "stage": "", "model": "", "prompt": "", "confidence": -1}
    group = nothing | about | {"kind": kind.value, "reason": reason, "person": person}
    group["id"] = group_id(CountedBy(**group))
    escalation = proposal["escalation_id"] if proposal else None
    row = {
        "group_id": group["id"],
        "at": at,
        "amount": amount,
        "donor_id": donor,
        "escalation_id": escalation,
    }
    return row, group, proposal
