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
    assert await database.read(lambda t: t.escalations.get("esc_2")) is None
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
    one, other = numbered(1, channel_id=None), numbered(2, channel_id=None)
    await add(database, one, other)
    assert await database.write(lambda t: t.escalations.set_message(one, "C1", "9.9"))
    shown = await database.read(lambda t: t.escalations.get("esc_1"))
    assert shown == replace(one, channel_id="C1", message_ts="9.9")
    with pytest.raises(ConstraintError):
        await database.write(lambda t: t.escalations.set_message(other, "C1", "9.9"))


@pytest.mark.parametrize("moved", [{"channel_id": "C2", "message_ts": "1.1"}, {"route": "#elsewhere"}])
async def test_what_has_moved_on_is_not_shown_by_the_message_from_before(
    database: Database, moved: dict[str, str]
) -> None:
    drawn_as = numbered(1, channel_id=None)
    await add(database, replace(drawn_as, **moved))
    assert not await database.write(lambda t: t.escalations.set_message(drawn_as, "C1", "9.9"))
    assert await database.read(lambda t: t.escalations.get("esc_1")) == replace(drawn_as, **moved)


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


async def test_the_queue_is_paged_without_gaps_or_repetitions(database: Database) -> None:
    stored = [numbered(n, due_at=NOW + DAY * (n % 3)) for n in range(9)]
    await add(database, *stored, numbered(9, state=S.EXECUTED, execution_ref="r"))
    seen: list[Escalation] = []
    while page := await database.read(
        lambda t, seen=seen: t.escalations.page({S.OPEN}, limit=2, after_id=seen[-1].id if seen else None)
    ):
        seen += page
    assert seen == sorted(stored, key=lambda e: (e.due_at, e.id))


async def test_what_was_decided_is_read_in_a_half_open_period(database: Database) -> None:
    await add(
        database,
        numbered(1, decided_at=NOW - DAY),
        numbered(2, decided_at=NOW),
        numbered(3, decided_at=NOW + DAY),
        numbered(4),
    )
    decided = await database.read(lambda t: t.escalations.decided_between(NOW, NOW + DAY))
    assert [e.id for e in decided] == ["esc_2"]
