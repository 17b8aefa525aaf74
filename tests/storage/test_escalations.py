"""Escalations: stored whole, moved only where their life allows, by exactly one caller."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from policy.actions import AddNote, CreateTask
from policy.escalation import MOVES, EscalationState
from storage.database import Database
from storage.errors import ConstraintError, ImpossibleMoveError
from storage.escalations import Escalation
from storage.transaction import Transaction

NOW = datetime(2026, 11, 3, 9, 30, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
S = EscalationState

WHOLE = Escalation(
    id="esc_1",
    donor_id="donor_1",
    household_id="house_1",
    owner_id="staff_1",
    state=S.OPEN,
    revision=1,
    action=CreateTask(donor_id="donor_1", title="Thank Ágnes", due_on=date(2026, 11, 5)),
    action_digest="d1",
    card=b'{"headline":"A first major gift"}',
    decision_facts=b'{"gift":2500000}',
    policy_version="p1",
    requires=b'{"role":"owner"}',
    channel_id="C1",
    message_ts="1.000100",
    route="owner",
    created_at=NOW,
    due_at=NOW + DAY,
    deferred_until=None,
    decided_by=None,
    decided_by_name=None,
    decided_at=None,
    execution_ref=None,
    outcome=None,
    correlation_id="cor_1",
    trigger_id="evt_1",
    fold_key="donor_1:acknowledge",
    moved_at=NOW,
)


def numbered(number: int, **changes: object) -> Escalation:
    return replace(WHOLE, id=f"esc_{number}", message_ts=f"{number}.0", **changes)


async def add(database: Database, *escalations: Escalation) -> None:
    def work(transaction: Transaction) -> None:
        for escalation in escalations:
            transaction.escalations.add(escalation)

    await database.write(work)


async def test_an_escalation_is_read_back_as_it_was_added(database: Database) -> None:
    await add(database, WHOLE)
    assert await database.read(lambda t: t.escalations.get("esc_1")) == WHOLE
    assert await database.read(lambda t: t.escalations.get_by_message("C1", "1.000100")) == WHOLE
    assert await database.read(lambda t: t.escalations.get("esc_2")) is None
    assert await database.read(lambda t: t.escalations.get_by_message("C1", "2")) is None
    with pytest.raises(ConstraintError):
        await add(database, WHOLE)


async def test_times_come_back_in_utc_whatever_zone_they_went_in_with(database: Database) -> None:
    tokyo = timezone(timedelta(hours=9))
    await add(database, replace(WHOLE, created_at=NOW.astimezone(tokyo)))
    stored = await database.read(lambda t: t.escalations.get("esc_1"))
    assert stored is not None
    assert (stored.created_at, stored.created_at.tzinfo) == (NOW, UTC)


async def test_a_move_changes_what_it_says_and_nothing_else(database: Database) -> None:
    await add(database, WHOLE, numbered(2))
    edited = AddNote(donor_id="donor_1", text="Spoke on the phone")
    moved = await database.write(
        lambda t: t.escalations.move(
            "esc_1",
            {S.OPEN},
            S.APPROVED,
            NOW + DAY,
            action=edited,
            action_digest="d2",
            decided_by="U1",
            decided_by_name="Ona",
            decided_at=NOW + DAY,
        )
    )
    expected = replace(
        WHOLE,
        state=S.APPROVED,
        revision=2,
        action=edited,
        action_digest="d2",
        decided_by="U1",
        decided_by_name="Ona",
        decided_at=NOW + DAY,
        moved_at=NOW + DAY,
    )
    assert moved == expected
    assert await database.read(lambda t: t.escalations.get("esc_1")) == expected
    assert await database.read(lambda t: t.escalations.get("esc_2")) == numbered(2)


async def test_whoever_comes_second_gets_none_and_changes_nothing(database: Database) -> None:
    await add(database, WHOLE)
    declined = await database.write(lambda t: t.escalations.move("esc_1", {S.OPEN}, S.DECLINED, NOW))
    late = await database.write(
        lambda t: t.escalations.move("esc_1", {S.OPEN}, S.APPROVED, NOW, decided_by="U2")
    )
    assert late is None
    assert await database.read(lambda t: t.escalations.get("esc_1")) == declined
    assert await database.write(lambda t: t.escalations.move("no", {S.OPEN}, S.APPROVED, NOW)) is None


async def test_an_approval_binds_the_revision_that_was_shown(database: Database) -> None:
    await add(database, WHOLE)

    def approve(revision: int) -> object:
        return lambda t: t.escalations.move("esc_1", {S.OPEN}, S.APPROVED, NOW, revision=revision)

    assert await database.write(approve(2)) is None
    moved = await database.write(approve(1))
    assert moved is not None
    assert moved.revision == 2


@pytest.mark.parametrize("state", list(S))
async def test_only_the_moves_of_its_life_are_made(database: Database, state: EscalationState) -> None:
    await add(database, _in_state(state))
    for target in S:
        if target in MOVES[state]:
            moved = await database.write(lambda t, target=target: _move_and_come_back(t, state, target))
            assert moved is target
            continue
        with pytest.raises(ImpossibleMoveError):
            await database.write(lambda t, target=target: t.escalations.move("esc_1", {state}, target, NOW))
    with pytest.raises(ImpossibleMoveError):
        await database.write(lambda t: t.escalations.move("esc_1", set(), S.OPEN, NOW))


def _in_state(state: EscalationState) -> Escalation:
    return replace(WHOLE, state=state, execution_ref="ref_1", deferred_until=NOW)


def _move_and_come_back(
    transaction: Transaction, state: EscalationState, target: EscalationState
) -> EscalationState | None:
    with transaction.escalations._connection.begin_nested() as savepoint:
        moved = transaction.escalations.move("esc_1", {state}, target, NOW)
        savepoint.rollback()
    return moved.state if moved else None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE escalations SET state = 'executed'",
        "UPDATE escalations SET state = 'deferred'",
        "UPDATE escalations SET state = 'lost'",
    ],
)
async def test_the_database_itself_refuses_impossible_rows(database: Database, statement: str) -> None:
    await add(database, WHOLE)
    with pytest.raises(ConstraintError):
        await database.write(lambda t: t.escalations._connection.execute(text(statement)))


async def test_two_escalations_cannot_share_a_message(database: Database) -> None:
    await add(database, numbered(1, channel_id=None), numbered(2, channel_id=None))
    await database.write(lambda t: t.escalations.set_message("esc_1", "C1", "9.9"))
    moved = await database.read(lambda t: t.escalations.get_by_message("C1", "9.9"))
    assert moved == numbered(1, channel_id="C1") or moved == replace(numbered(1), message_ts="9.9")
    with pytest.raises(ConstraintError):
        await database.write(lambda t: t.escalations.set_message("esc_2", "C1", "9.9"))


async def test_what_is_undecided_is_found_by_donor_and_by_matter(database: Database) -> None:
    await add(
        database,
        numbered(1, state=S.ESCALATED, created_at=NOW + DAY),
        numbered(2),
        numbered(3, state=S.DEFERRED, deferred_until=NOW, fold_key="other"),
        numbered(4, state=S.DECLINED),
        numbered(5, donor_id="donor_2"),
    )
    by_donor = await database.read(lambda t: t.escalations.open_for_donor("donor_1"))
    by_matter = await database.read(lambda t: t.escalations.open_for_fold_key("donor_1:acknowledge"))
    assert [found.id for found in by_donor] == ["esc_2", "esc_3", "esc_1"]
    assert [found.id for found in by_matter] == ["esc_2", "esc_5", "esc_1"]


async def test_what_is_due_is_what_waits_too_long_or_comes_back(database: Database) -> None:
    await add(
        database,
        numbered(1, due_at=NOW),
        numbered(2, due_at=NOW + DAY),
        numbered(3, state=S.DEFERRED, due_at=NOW - DAY, deferred_until=NOW + DAY),
        numbered(4, state=S.DEFERRED, due_at=NOW + DAY, deferred_until=NOW),
        numbered(5, state=S.ESCALATED, due_at=NOW - DAY),
        numbered(6, state=S.APPROVED, due_at=NOW - DAY),
    )
    due = await database.read(lambda t: t.escalations.due(NOW, 10))
    assert [found.id for found in due] == ["esc_5", "esc_1", "esc_4"]
    assert [found.id for found in await database.read(lambda t: t.escalations.due(NOW, 2))] == [
        "esc_5",
        "esc_1",
    ]


async def test_an_owner_sees_their_own_by_due_date(database: Database) -> None:
    await add(
        database,
        numbered(1, due_at=NOW + DAY),
        numbered(2, due_at=NOW),
        numbered(3, owner_id="staff_2"),
        numbered(4, state=S.EXECUTED, execution_ref="r"),
    )
    mine = await database.read(lambda t: t.escalations.for_owner("staff_1", {S.OPEN, S.APPROVED}))
    assert [found.id for found in mine] == ["esc_2", "esc_1"]


async def test_the_queue_is_paged_without_gaps_or_repetitions(database: Database) -> None:
    await add(
        database, *(numbered(n, due_at=NOW + DAY * (n % 3), owner_id=f"staff_{n % 2}") for n in range(9))
    )
    for owner in (None, "staff_1"):
        seen: list[Escalation] = []
        while page := await database.read(
            lambda t, owner=owner, seen=seen: t.escalations.page(
                {S.OPEN}, limit=2, owner_id=owner, after_id=seen[-1].id if seen else None
            )
        ):
            seen += page
        expected = [
            e for n in range(9) if (e := await database.read(lambda t, n=n: t.escalations.get(f"esc_{n}")))
        ]
        mine = [e for e in expected if owner in (None, e.owner_id)]
        assert seen == sorted(mine, key=lambda e: (e.due_at, e.id))


async def test_digests_read_a_half_open_period(database: Database) -> None:
    await add(
        database,
        numbered(1, created_at=NOW - DAY, decided_at=NOW),
        numbered(2, created_at=NOW, decided_at=NOW + DAY),
        numbered(3, created_at=NOW + DAY),
    )
    created = await database.read(lambda t: t.escalations.between(NOW, NOW + DAY))
    decided = await database.read(lambda t: t.escalations.decided_between(NOW, NOW + DAY))
    assert ([e.id for e in created], [e.id for e in decided]) == (["esc_2"], ["esc_1"])
