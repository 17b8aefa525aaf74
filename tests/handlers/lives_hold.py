"""What must hold in every life, after each step and at its end; and the audit read as the only witness."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from handlers.outcomes import GroupingShown
from handlers.proposals.escalation_view import card_of, execution_of, status_of
from handlers.proposals.touches import waiting_touches
from handlers.record.recorded_decisions import recorded_decisions
from policy.canonical import digest
from policy.decide import decide
from policy.escalation import STATE_AFTER, EscalationState, may_move
from policy.recorded import RecordedDecision
from storage.audit_records import AuditRecord
from storage.escalations import Escalation
from storage.schema import CLEANUP_ITEMS, INBOX, OUTBOX
from storage.transaction import Transaction
from tests.fakes import Shown, Written
from tests.handlers.conftest import MANAGER, OWNER, PEOPLE, House
from tests.handlers.lives import DONOR, SPOUSE, SURVIVOR, Life

S = EscalationState
A_SECOND = timedelta(seconds=1)
SAID_ALIKE = {S.EXECUTING: S.APPROVED}
"""A card says the same of both: approved, and on its way."""
SETTLED = {S.EXECUTED, S.DECLINED, S.EXPIRED, S.FAILED, S.UNDONE, S.SUPERSEDED}
BY_NAME = {person.name: person.id for person in PEOPLE}


@dataclass(frozen=True)
class Row:
    """Something that will happen by itself."""

    kind: str
    body: dict[str, Any]
    at: datetime


@dataclass(frozen=True)
class Seen:
    """Everything that is stored, read in one state of the database."""

    escalations: tuple[Escalation, ...]
    trail: tuple[AuditRecord, ...]
    rows: tuple[Row, ...]
    cleaning: dict[str, str]

    def own(self, escalation: Escalation) -> list[AuditRecord]:
        mine = [e for e in self.trail if e.payload and e.payload.get("escalation_id") == escalation.id]
        assert {e.correlation_id for e in mine} <= {escalation.correlation_id}, "one id for the whole case"
        return _moves(mine)

    def on_its_way(self, escalation_id: str, *kinds: str) -> list[Row]:
        return [
            row for row in self.rows if row.kind in kinds and row.body.get("escalation_id") == escalation_id
        ]


def look(tx: Transaction) -> Seen:
    connection = tx.outbox._connection
    rows = [
        Row(kind, json.loads(body), at)
        for table in (INBOX, OUTBOX)
        for kind, body, at in connection.execute(
            select(table.c.kind, table.c.body, table.c.available_at).where(
                table.c.status.in_(("ready", "in_flight"))
            )
        )
    ]
    cleaning = connection.execute(select(CLEANUP_ITEMS.c.escalation_id, CLEANUP_ITEMS.c.state))
    trail = [entry for donor in (DONOR, SURVIVOR, SPOUSE) for entry in tx.audit.trace(donor)]
    return Seen(
        tuple(tx.escalations.page(tuple(S), limit=100)),
        tuple(trail),
        tuple(rows),
        {escalation_id: state for escalation_id, state in cleaning if state in ("open", "looking")},
    )


async def holds(life: Life) -> None:
    """Look at everything between two steps."""
    seen = await life.database.read(look)
    written = life.house.crm.written
    keys = [effect.key for effect in written]
    assert len(set(keys)) == len(keys), "at most one effect per approval"
    assert {key.partition(":")[0] for key in keys} <= {e.id for e in seen.escalations} | life.erased
    for escalation in seen.escalations:
        own = seen.own(escalation)
        _is_a_life(escalation, own)
        _goes_on(escalation, seen)
        _is_shown_as_it_stands(escalation, seen, life.house)
        for effect in written:
            if effect.key.startswith(f"{escalation.id}:"):
                _was_approved(life, effect, own)


def _is_a_life(escalation: Escalation, own: list[AuditRecord]) -> None:
    states = [_state(entry) for entry in own]
    kinds = [entry.kind for entry in own]
    assert states[0] is S.OPEN
    assert all(may_move(one, other) for one, other in itertools.pairwise(states)), kinds
    assert states[-1] is escalation.state, f"the audit tells the whole story: {kinds}, {escalation.state}"
    assert len(states) == escalation.revision, f"every single move: {kinds}, {escalation.revision}"


def _goes_on(escalation: Escalation, seen: Seen) -> None:
    """Whatever is not over is woken by itself, or lies with somebody who can act."""
    match escalation.state:
        case S.OPEN | S.ESCALATED:
            wakes = seen.on_its_way(escalation.id, "decision_due")
        case S.DEFERRED:
            ends = seen.on_its_way(escalation.id, "deferral_ended")
            wakes = [row for row in ends if row.body["revision"] == escalation.revision]
        case S.APPROVED | S.EXECUTING | S.OUTCOME_UNKNOWN:
            wakes = seen.on_its_way(escalation.id, "execute_action")
        case S.EXECUTED if _undo_is_asked(escalation):
            wakes = seen.on_its_way(escalation.id, "take_back")
        case S.SENT_BACK:
            assert escalation.id in seen.cleaning, "its steward can answer"
            return
        case _:
            return
    assert wakes, f"{escalation.state} is stuck"


def _undo_is_asked(escalation: Escalation) -> bool:
    execution = execution_of(escalation)
    return bool(execution and execution.undo and execution.undo.stage == "asked")


def _is_shown_as_it_stands(escalation: Escalation, seen: Seen, house: House) -> None:
    """With nothing on its way to Slack, every message says what is stored; a list counts as well."""
    left = escalation.state is S.SUPERSEDED and escalation.message_ts is None
    if left or seen.on_its_way(escalation.id, "show_card", "update_copy", "show_to_stand_in"):
        return  # what left its message to its successor is shown no more
    shown = _cards_of(escalation, house)
    for each in shown:
        said = (escalation.state, escalation.decided_by_name, escalation.deferred_until)
        assert _as_read(each.status.state, each.status.by_name, each.status.deferred_until) == _as_read(*said)
    if escalation.state is S.OPEN and escalation.shown == "card":
        # The days to put it off to are as they were when it was shown.
        cards = [each.card.model_copy(update={"put_off": ()}) for each in shown]
        assert cards == [card_of(escalation)] * len(shown)


def _as_read(state: EscalationState, *more: object) -> tuple[object, ...]:
    return (SAID_ALIKE.get(state, state), *more)


def _cards_of(escalation: Escalation, house: House) -> list[Shown]:
    return [shown for shown in house.chat.cards.values() if shown.card.escalation_id == escalation.id]


def _was_approved(life: Life, effect: Written, own: list[AuditRecord]) -> None:
    kinds = [entry.kind for entry in own]
    assert "action.begun" in kinds, "nothing is sent before it is written down that it may be"
    before = own[: len(kinds) - kinds[::-1].index("action.begun")]
    kinds = [entry.kind for entry in before]
    yes = max(i for i, kind in enumerate(kinds) if kind in ("escalation.approved", "escalation.allowed"))
    assert set(kinds[yes + 1 :]) <= {
        "action.begun",
        "action.not_found",
        "action.outcome_unknown",
    }, "a yes that was taken back counts no more"
    payload = before[yes].payload or {}
    name = payload.get("name", "the policy in force")
    assert effect.actor.partition(" (ref ")[0] == f"countersign for {name}"
    if before[yes].kind == "escalation.approved":
        assert digest(effect.action) == payload["action_digest"], "what was approved, and nothing else"
        _by_whom_it_may(life, before[: yes + 1])


def _by_whom_it_may(life: Life, until_yes: list[AuditRecord]) -> None:
    """Each approval is of another person, and whoever decides for the owner has the owner's part."""
    given = list(itertools.takewhile(lambda e: e.kind == "escalation.approval_given", until_yes[-2::-1]))
    people = [entry.actor.removeprefix("slack:") for entry in (until_yes[-1], *given)]
    assert len(set(people)) == len(people), "one person counts once"
    passed = [(e.payload or {})["to"] for e in until_yes if e.kind == "escalation.passed_on"]
    holders = life.owners | {BY_NAME[name] for name in passed if name in BY_NAME}
    allowed = {"owner": holders | life.delegates | {MANAGER.id}, "manager": {MANAGER.id}}
    for entry, person in zip((until_yes[-1], *given), people, strict=True):
        assert person in allowed[(entry.payload or {})["role"]], "only whose decision it is"
    if not passed and not life.delegates and life.owners == {OWNER.id}:
        roles = [(e.payload or {})["role"] for e in (until_yes[-1], *given)]
        by_role = dict(zip(roles, people, strict=True))
        assert by_role.get("owner", OWNER.id) == OWNER.id


async def ends_well(life: Life) -> None:
    """All works again, and time goes on until nothing waits any more: then all is in order."""
    house = life.house
    house.crm.health = house.chat.health = "well"
    life.pulse.left = None
    await house.work_all()
    house.clock.move(minutes=2)
    await house.work_all()
    await life.resume()  # after whatever pause was still on its way
    await life.give_up_on_records()
    for _ in range(300):
        await house.work_all()
        seen = await life.database.read(look)
        if not seen.rows:
            break
        # What is due already waits for something of its own matter that is not.
        now = house.clock.now()
        later = [row for row in seen.rows if row.at > now]
        # Automation looks every few minutes whether people have decided; that alone moves nothing on.
        moments = [row.at for row in later if row.kind != "execute_action"] or [row.at for row in later]
        house.clock.moment = min(moments, default=now + A_SECOND)
    else:
        raise AssertionError(f"stuck: {[(e.id, e.state) for e in seen.escalations]}, {seen.rows}")
    await holds(life)
    for escalation in seen.escalations:
        _is_in_order(life, escalation)
    await _the_audit_is_enough(life, seen)
    await _no_touch_is_reserved_for_ever(life)
    erased = [s for s in house.chat.cards.values() if s.card.escalation_id in life.erased]
    assert not erased, "what was erased is nowhere to be read"
    # What a merge took away from under an event is kept for people to look at.
    assert set(house.dead) <= {("crm_event", "event_record_missing")}, "nothing was given up"


def _is_in_order(life: Life, escalation: Escalation) -> None:
    house = life.house
    assert escalation.state in SETTLED
    # The link to a successor stays as it was given: where that card moved on to, a copy stays behind.
    stands = status_of(escalation)
    shown = _cards_of(escalation, house)
    told = [each.status.model_copy(update={"successor": None}) for each in shown]
    assert told == [stands] * len(shown), "every card is honest"
    if escalation.shown == "grouped" and escalation.grouping_id:
        assert _listed(escalation, house) == [escalation.state]
    elif escalation.state is not S.SUPERSEDED:
        assert shown or escalation.id in life.lost, "somebody has a card for it"
    execution = execution_of(escalation)
    if execution and execution.undo:
        assert execution.undo.stage != "asked", "an undo has an end"
    _is_in_the_crm(life, escalation)


def _listed(escalation: Escalation, house: House) -> list[EscalationState]:
    lists = [outcome for _, _, outcome in house.chat.posts if isinstance(outcome, GroupingShown)]
    mine = [each for each in lists if each.grouping_id == escalation.grouping_id]
    return [i.state for each in mine for i in each.items if i.escalation_id == escalation.id]


def _is_in_the_crm(life: Life, escalation: Escalation) -> None:
    crm = life.house.crm
    keys = [w.key for w in crm.written if w.key.startswith(f"{escalation.id}:")]
    held = [key for key in keys if key in crm.held]
    if escalation.state is S.EXECUTED:
        assert len(keys) == 1
        assert held or life.changed_by_colleagues, "the CRM holds what the card says"
    elif escalation.state is S.UNDONE:
        assert [crm.held[key] for key in held] in ([], ["cancelled"]), "and not what it takes back"
    else:
        assert not keys, f"nothing was written for what is {escalation.state}"


async def _the_audit_is_enough(life: Life, seen: Seen) -> None:
    """Without the CRM, a model or the table of decisions, the log tells how each stands, and why."""
    report = await life.database.read(lambda tx: tx.audit.verify())
    assert report.ok
    assert await life.database.read(lambda tx: tx.audit.contradictions()) == []
    assert replayed(seen.trail) == {each.id: _outline(each) for each in seen.escalations}
    rules = life.rules.by_version()
    async for batch in recorded_decisions(life.database):
        for each in batch:
            if isinstance(each, RecordedDecision):
                assert decide(rules[each.decision.policy_version], each.facts) == each.decision


Outline = tuple[EscalationState, int, str, str | None, str | None]


def _outline(escalation: Escalation) -> Outline:
    by = escalation.decided_by_name if escalation.state in (S.EXECUTED, S.UNDONE, S.DECLINED) else None
    digest_, ref = escalation.action_digest, escalation.execution_ref
    return escalation.state, escalation.revision, digest_, ref, by


def replayed(trail: Iterable[AuditRecord]) -> dict[str, Outline]:
    """Return how every decision stands, from the log alone."""
    actions: dict[str, str] = {}
    told: dict[str, list[AuditRecord]] = {}
    proposed = ""
    for entry in trail:
        payload: dict[str, Any] = dict(entry.payload or {})
        about = payload.get("escalation_id")
        if entry.kind == "recommendation.decided" and payload:
            proposed = digest(payload["recommendation"]["action"])
        if about is None:
            continue
        if entry.kind == "escalation.opened":
            actions[about] = proposed
        if entry.kind == "escalation.edited":
            actions[about] = digest(payload["after"])
        if entry.kind == "escalation.changed_since" and "action" in payload:
            actions[about] = digest(payload["action"])
        told.setdefault(about, []).append(entry)
    return {about: _as_told(_moves(entries), actions[about]) for about, entries in told.items()}


def _as_told(moves: list[AuditRecord], action: str) -> Outline:
    state, ref, by = S.OPEN, None, None
    for entry in moves:
        state, payload = _state(entry), dict(entry.payload or {})
        if entry.kind in ("escalation.approved", "escalation.declined"):
            by = payload["name"]
        if entry.kind == "escalation.allowed":
            by = "the policy in force"
        if entry.kind == "action.executed":
            ref = payload["ref"]
    settled_by = by if state in (S.EXECUTED, S.UNDONE, S.DECLINED) else None
    return state, len(moves), action, ref, settled_by


async def _no_touch_is_reserved_for_ever(life: Life) -> None:
    later = life.house.clock.now().date() + timedelta(days=400)
    kept = await life.database.read(lambda tx: waiting_touches(tx, (DONOR, SPOUSE, SURVIVOR), later))
    assert kept == []


def _moves(entries: list[AuditRecord]) -> list[AuditRecord]:
    """Each move of a decision; an edit that is approved is one move with two entries."""
    kept = [e for e in entries if e.kind in STATE_AFTER or _asks_again(e)]
    yes = ("escalation.approved", "escalation.approval_given")
    return [
        entry
        for entry, following in itertools.zip_longest(kept, kept[1:])
        if entry.kind != "escalation.edited"
        or following is None
        or not (following.kind in yes and following.at == entry.at and following.actor == entry.actor)
    ]


def _asks_again(entry: AuditRecord) -> bool:
    """News that is folded into an open card is a move only where it voids approvals given before."""
    return entry.kind == "escalation.folded" and bool((entry.payload or {}).get("asks_again"))


def _state(entry: AuditRecord) -> EscalationState:
    return STATE_AFTER.get(entry.kind, S.OPEN)
