"""What came after decisions, added up alike by both databases, with no gift counted twice."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from policy.clustered import Arm, Compared
from storage.appending import AuditEntry
from storage.database import Database
from storage.outcomes import Window
from storage.team import Team
from storage.transaction import Transaction

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SPRING = {
    "id": "c1",
    "name": "Spring",
    "starts_at": "2026-02-01T00:00:00Z",
    "ends_at": "2026-03-21T00:00:00Z",
}


def decided(tx: Transaction, number: int, day: int, donor: str, end: str, **more: Any) -> None:
    """Propose something about a donor and let it end the same day."""
    at, correlation = START + day * DAY, f"c{number}"
    payload = {
        "event": {"id": f"ev{number}", "type": more.pop("type", "note.added"), "time": at.isoformat()},
        "recommendation": {"action": {"kind": "create_task"}, "confidence": {"score": 80}},
        "decision": {"outcome": "require_approval"},
        **more,
    }
    about = {"escalation_id": f"e{number}", "owner_email": "ada@x.example"}
    for second, (kind, what) in enumerate(
        (("recommendation.decided", payload), ("escalation.opened", about), (f"escalation.{end}", about))
    ):
        _append(tx, at + timedelta(seconds=second), kind, correlation, donor, what)


def given(tx: Transaction, event_id: str, day: int, donor: str) -> None:
    at = START + day * DAY
    event = {"id": event_id, "type": "donation.received", "time": at.isoformat()}
    _append(tx, at, "event.noted", f"g{event_id}", donor, {"event": event})


def _append(
    tx: Transaction, at: datetime, kind: str, correlation: str, donor: str, payload: dict[str, Any]
) -> None:
    tx.audit.append(
        AuditEntry(
            id=secrets.token_hex(8),
            at=at,
            kind=kind,
            correlation_id=correlation,
            subject=donor,
            actor="system",
            payload=payload,
        )
    )


def lived(tx: Transaction) -> None:
    """Ada and Bob share a household; Cyd lives alone. The campaign was made longer in between."""
    decided(tx, 1, 1, "ada", "approved", household_id="h", campaign=SPRING, type="donation.received")
    decided(tx, 2, 2, "bob", "declined", household_id="h", campaign=SPRING)
    decided(tx, 3, 3, "ada", "approved", household_id="h")
    later = SPRING | {"name": "Spring!", "ends_at": "2026-04-01T00:00:00Z"}
    decided(tx, 4, 4, "cyd", "declined", campaign=later)
    given(tx, "g1", 5, "ada")
    given(tx, "g1", 5, "ada")  # reported twice
    given(tx, "g2", 6, "ada")
    given(tx, "g3", 25, "cyd")
    decided(tx, 5, 200, "cyd", "approved")


async def test_what_came_after_is_added_up_by_household(database: Database) -> None:
    await database.write(lived)
    end = START + 100 * DAY
    every = {
        came: await database.read(
            lambda tx, came=came: (  # type: ignore[misc]
                tx.outcomes.followed([Window((came,), START, end, 10 * DAY)]).followed[came]
            )
        )
        for came in ("gave", "retained", "gifts", "replied")
    }
    acted, others = Arm(1, 2, 2, 4, 4, 4), Arm(2, 2, 0, 0, 0, 2)
    assert {came: [(f.action_kind, f.pair) for f in found] for came, found in every.items()} == {
        came: [("", pair), ("create_task", pair)]
        for came, pair in {
            "gave": Compared(acted, others, xx=0, xn=2, nx=0, nn=2),
            "retained": Compared(Arm(1, 1, 1, 1, 1, 1), Arm()),
            "gifts": Compared(acted, others, xx=0, xn=2, nx=0, nn=2),
            "replied": Compared(Arm(1, 2, 0, 0, 0, 4), others, nn=2),
        }.items()
    }
    [campaign] = await database.read(lambda tx: tx.outcomes.campaigns(START, end))
    assert (campaign.name, campaign.ended_at) == ("Spring!", datetime(2026, 4, 1, tzinfo=UTC))
    assert campaign.pair == Compared(Arm(1, 1, 1, 1, 1, 1), Arm(2, 2, 1, 1, 1, 2), xn=1, nn=1)
    nobody = Team(frozenset(), frozenset({"nobody@x.example"}))
    window = Window(("gave",), START, end, DAY)
    none = await database.read(lambda tx: tx.outcomes.followed([window], nobody).followed)
    assert none == {"gave": []}


async def test_windows_read_at_once_come_to_what_each_comes_to_by_itself(database: Database) -> None:
    await database.write(lived)
    windows = [
        Window(("replied",), START + 2 * DAY, START + 100 * DAY, 3 * DAY),
        Window(("gave", "gifts"), START, START + 3 * DAY, 10 * DAY),
        Window(("retained",), START, START + 100 * DAY, 10 * DAY),
    ]
    for some in (windows, windows[:2], windows[1:]):
        together = await database.read(lambda tx, some=some: tx.outcomes.followed(some))  # type: ignore[misc]
        alone = [
            await database.read(lambda tx, each=each: tx.outcomes.followed([each]))  # type: ignore[misc]
            for each in some
        ]
        assert together.followed == {came: of for each in alone for came, of in each.followed.items()}
        assert together.given == [each for one in alone for each in one.given]
    assert [(f.action_kind, f.pair.acted.n, f.pair.others.n) for f in together.followed["gave"]] == [
        ("", 1, 1),
        ("create_task", 1, 1),
    ]
