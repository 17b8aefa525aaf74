"""A year of interactions, a million of them, put straight into the tables that figures are counted from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, insert

from policy.interactions import Kind
from storage.counting import group_id
from storage.schema import INTERACTION_GROUPS, INTERACTIONS, RECOMMENDATIONS

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
CHUNK = 20_000


def fill(connection: Connection, count: int) -> None:
    """Add *count* interactions, and a recommendation for each that is about one."""
    random, groups = Random(7), dict[int, dict[str, Any]]()
    rows, proposals = list[dict[str, Any]](), list[dict[str, Any]]()
    for number, (row, group, proposal) in enumerate(_happened(random, count)):
        groups[group["id"]] = group
        rows.append(row | {"entry_id": f"entry-{number:07d}", "number": 0})
        proposals += [proposal] if proposal else []
        if len(rows) == CHUNK:
            _write(connection, rows, proposals)
    _write(connection, rows, proposals)
    connection.execute(insert(INTERACTION_GROUPS), list(groups.values()))


def _write(connection: Connection, rows: list[dict[str, Any]], proposals: list[dict[str, Any]]) -> None:
    for table, waiting in ((INTERACTIONS, rows), (RECOMMENDATIONS, proposals)):
        if waiting:
            connection.execute(insert(table), waiting)
            waiting.clear()


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
    group["id"] = group_id(group)
    escalation = proposal["escalation_id"] if proposal else None
    row = {
        "group_id": group["id"],
        "at": at,
        "amount": amount,
        "donor_id": donor,
        "escalation_id": escalation,
    }
    return row, group, proposal
