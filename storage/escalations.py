"""Escalations: proposals that wait for a named human, and everything that became of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import (
    Connection,
    LargeBinary,
    RowMapping,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from policy.actions import ACTION, Action
from policy.canonical import canonical_json
from policy.escalation import UNDECIDED, EscalationState, may_move
from storage.errors import ImpossibleMoveError
from storage.escalation_statements import (
    ADDING,
    CARDS_OF_PERSON,
    CARDS_OF_ROUTE,
    CHANGING,
    CORRELATION,
    OF_DONORS,
    REPLACED_BY,
    SHOWING,
    UNDECIDED_ABOUT,
    UNDECIDED_IN_MATTER,
    WITH_ID,
)
from storage.schema import ESCALATIONS

Shown = Literal["card", "grouped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """One proposal with the facts and the policy it was made under, and its life so far.

    *card*, *decision_facts*, *requires* and *outcome* are JSON that only the use cases read. *owner_id* is a
    CRM staff id, *decided_by* a Slack user id, *decided_for* the name of whoever it was decided in place of.
    *for_person* is the e-mail address of whoever gets the card, None for a review channel. *trigger_id* is
    the CRM event behind it and *trigger* that event as JSON, *fold_key* what makes a later proposal the same
    matter, *about* the CRM records it is for. *reason_code* and *reason_text* say why it was last overruled.
    *successor_id* is the escalation that took its place, *replaces* the one whose place it took. *shown* says
    whether it has a card of its own or a line in a grouping message. *moved_at* is when it came to where it
    stands. All times are UTC.
    """

    id: str
    donor_id: str
    household_id: str | None = None
    owner_id: str | None = None
    state: EscalationState = EscalationState.OPEN
    revision: int = 1
    action: Action
    action_digest: str
    card: bytes
    decision_facts: bytes
    policy_version: str
    requires: bytes
    channel_id: str | None = None
    message_ts: str | None = None
    route: str
    created_at: datetime
    due_at: datetime
    moved_at: datetime | None = None
    deferred_until: datetime | None = None
    decided_by: str | None = None
    decided_by_name: str | None = None
    decided_for: str | None = None
    decided_at: datetime | None = None
    execution_ref: str | None = None
    outcome: bytes | None = None
    correlation_id: str
    trigger_id: str | None = None
    fold_key: str | None = None
    trigger: bytes | None = None
    reason_code: str | None = None
    reason_text: str | None = None
    successor_id: str | None = None
    about: tuple[str, ...] = ()
    replaces: str | None = None
    shown: Shown = "card"
    grouping_id: str | None = None
    permalink: str | None = None
    for_person: str | None = None


class Changes(TypedDict, total=False):
    """What may change together with a move."""

    owner_id: str | None
    about: tuple[str, ...]
    action: Action
    action_digest: str
    card: bytes
    decision_facts: bytes
    policy_version: str
    requires: bytes
    channel_id: str | None
    message_ts: str | None
    route: str
    due_at: datetime
    deferred_until: datetime | None
    decided_by: str | None
    decided_by_name: str | None
    decided_for: str | None
    decided_at: datetime | None
    execution_ref: str | None
    outcome: bytes | None
    reason_code: str | None
    reason_text: str | None
    successor_id: str | None
    shown: Shown
    permalink: str | None
    for_person: str | None


NOT_DECIDED = Changes(decided_by=None, decided_by_name=None, decided_for=None, decided_at=None)
"""What no longer holds when a decision is open again."""


_UNDO_WAITS = b'"stage":"waiting"'
"""As it stands in the outcome, which is canonical JSON; within a text its quotes would be escaped."""


class Escalations:
    """The escalations of the organisation, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, escalation: Escalation) -> None:
        """Store a new escalation. Raises ConstraintError (at the database's door) for a known id."""
        values = {name: getattr(escalation, name) for name in _NAMES}
        self._connection.execute(ADDING, _encoded(values) | {"moved_at": escalation.created_at})

    def get(self, escalation_id: str) -> Escalation | None:
        """Return one escalation."""
        return self._first(WITH_ID, {"of_id": escalation_id})

    def correlation_of(self, escalation_id: str) -> str | None:
        """Return the correlation id of one escalation."""
        found: str | None = self._connection.execute(
            CORRELATION, {"of_id": escalation_id}
        ).scalar_one_or_none()
        return found

    def by_correlation(self, correlation_id: str) -> Escalation | None:
        """Return the escalation that came of one event."""
        return self._first(select(ESCALATIONS).where(ESCALATIONS.c.correlation_id == correlation_id))

    def open_for_donor(self, donor_id: str) -> list[Escalation]:
        """Return what is still undecided about a donor, the oldest first."""
        return self._all(UNDECIDED_ABOUT, {"of_donor": donor_id})

    def standings(
        self, opened: Collection[tuple[str, datetime]]
    ) -> dict[tuple[str, datetime], tuple[str | None, EscalationState]]:
        """Return whose relationship each concerns and where it stands, by correlation id and opening time."""
        if not opened:
            return {}
        # Whoever asked picks what is meant: naming thousands would cost more than reading them.
        table, moments = ESCALATIONS.c, [moment for _, moment in opened]
        query = select(table.correlation_id, table.created_at, table.owner_id, table.state).where(
            table.created_at.between(min(moments), max(moments))
        )
        rows = self._connection.execute(query.order_by(table.created_at, table.id))
        return {(row[0], row[1]): (row[2], EscalationState(row[3])) for row in rows}

    def replaced_by(self, successor_id: str) -> list[Escalation]:
        """Return what that escalation took the place of, the oldest first."""
        return self._all(REPLACED_BY, {"of_successor": successor_id})

    def of_donors(self, donor_ids: Collection[str], states: Collection[EscalationState]) -> list[Escalation]:
        """Return what is in those states about any of the donors, the oldest first."""
        return self._all(OF_DONORS, {"of_donors": list(donor_ids), "in_states": list(states)})

    def open_for_fold_key(self, fold_key: str) -> list[Escalation]:
        """Return what is still undecided about the same matter, the oldest first."""
        return self._all(UNDECIDED_IN_MATTER, {"of_matter": fold_key})

    def page(
        self,
        states: Collection[EscalationState],
        *,
        limit: int,
        after_id: str | None = None,
    ) -> list[Escalation]:
        """Return the next *limit* by due date after the one with *after_id*."""
        table = ESCALATIONS.c
        query = select(ESCALATIONS).where(table.state.in_(states))
        if after_id is not None:
            last = select(table.due_at, table.id).where(table.id == after_id).scalar_subquery()
            query = query.where(tuple_(table.due_at, table.id) > last)
        return self._all(query.order_by(table.due_at, table.id).limit(limit))

    def newest(
        self, states: Collection[EscalationState], *, limit: int, before_id: str | None = None
    ) -> list[Escalation]:
        """Return up to *limit* in those states, the newest first, older than the one with *before_id*."""
        table = ESCALATIONS.c
        query = select(ESCALATIONS).where(table.state.in_(states))
        if before_id is not None:
            query = query.where(table.id < before_id)
        return self._all(query.order_by(table.id.desc()).limit(limit))

    def at_rest(self, states: Collection[EscalationState], before: datetime, limit: int) -> list[Escalation]:
        """Return what has stood in one of those states since *before* or longer, the longest first."""
        table = ESCALATIONS.c
        query = select(ESCALATIONS).where(table.state.in_(states), table.moved_at < before)
        return self._all(query.order_by(table.moved_at, table.id).limit(limit))

    def waiting(self) -> tuple[int, datetime | None]:
        """Return how many decisions are open, and since when the oldest of them is."""
        table = ESCALATIONS.c
        query = select(func.count(), func.min(table.created_at)).where(table.state == EscalationState.OPEN)
        count, since = self._connection.execute(query).one()
        return int(count), since

    def decided_between(self, start: datetime, end: datetime) -> list[Escalation]:
        """Return what a person decided from *start* until before *end*."""
        table = ESCALATIONS.c
        query = select(ESCALATIONS).where(table.decided_at >= start, table.decided_at < end)
        return self._all(query.order_by(table.decided_at, table.id))

    def with_undo_waiting(self, before: datetime) -> list[Escalation]:
        """Return what was decided earlier than *before* and whose undo waits for somebody to agree."""
        table = ESCALATIONS.c
        # In the bytes themselves: what is not text to the database cannot be searched as text.
        if self._connection.dialect.name == "sqlite":
            at = func.instr(table.outcome, _UNDO_WAITS)
        else:
            at = func.position(literal(_UNDO_WAITS, LargeBinary).op("IN")(table.outcome))
        query = select(ESCALATIONS).where(
            table.state == EscalationState.EXECUTED, table.decided_at < before, at > 0
        )
        return self._all(query.order_by(table.decided_at, table.id))

    def move(
        self,
        escalation_id: str,
        expected: Collection[EscalationState],
        to: EscalationState,
        now: datetime,
        *,
        revision: int | None = None,
        **changes: Unpack[Changes],
    ) -> Escalation | None:
        """Move from one of the *expected* states (and that *revision*) and return it as it is then.

        None when somebody else was first, or there is no such escalation. Raises ImpossibleMoveError when an
        expected state has no way *to* there.
        """
        if not expected or not all(may_move(state, to) for state in expected):
            raise ImpossibleMoveError(f"impossible_move:{to}")
        table = ESCALATIONS.c
        here = and_(table.id == escalation_id, table.state.in_(expected))
        if revision is not None:
            here = and_(here, table.revision == revision)
        values = _encoded(dict(changes)) | {"state": to, "revision": table.revision + 1, "moved_at": now}
        moved = update(ESCALATIONS).where(here).values(values).returning(ESCALATIONS)
        row = self._connection.execute(moved).mappings().first()
        return escalation_of(row) if row else None

    def amend(self, escalation_id: str, revision: int, **told: Unpack[Changes]) -> bool:
        """Bring up to date what is told about a decision that stays the same; False when it has moved on."""
        table = ESCALATIONS.c
        here = update(ESCALATIONS).where(table.id == escalation_id, table.revision == revision)
        return self._connection.execute(here.values(_encoded(dict(told)))).rowcount == 1

    def unsettled_around(self, donor_id: str, household_id: str | None) -> list[Escalation]:
        """Return what people still have to decide about a donor or anybody in the household."""
        table = ESCALATIONS.c
        whose = table.donor_id == donor_id
        if household_id is not None:
            whose = or_(whose, table.household_id == household_id)
        query = select(ESCALATIONS).where(whose, table.state.in_((*UNDECIDED, EscalationState.SENT_BACK)))
        return self._all(query.order_by(table.created_at, table.id))

    def cards_since(self, route: str, person: str | None, start: datetime) -> int:
        """Count the cards of its own that *person* got since *start*; for None, those of the route."""
        who = {"of_person": person.casefold()} if person is not None else {"of_route": route}
        counting = CARDS_OF_ROUTE if person is None else CARDS_OF_PERSON
        return int(self._connection.execute(counting, {**who, "start": start}).scalar_one())

    def give_card(self, escalation_id: str) -> bool:
        """Have a grouped escalation shown as a card of its own from now on; False when it has one."""
        table = ESCALATIONS.c
        grouped = update(ESCALATIONS).where(table.id == escalation_id, table.shown == "grouped")
        return self._connection.execute(grouped.values(shown="card")).rowcount == 1

    def set_permalink(self, escalation_id: str, permalink: str | None) -> None:
        """Remember the address of the message that shows the escalation."""
        self._connection.execute(CHANGING, {"of_id": escalation_id, "permalink": permalink})

    def set_message(self, shown_as: Escalation, channel_id: str, message_ts: str) -> bool:
        """Remember which Slack message shows it; False when it has moved on from its place in *shown_as*."""
        at = {"channel_id": channel_id, "message_ts": message_ts}
        there = {"of_id": shown_as.id, "of_route": shown_as.route, "of_channel": shown_as.channel_id}
        return self._connection.execute(SHOWING, there | at).rowcount == 1

    def _first(self, query: Select[Any], wanted: dict[str, Any] | None = None) -> Escalation | None:
        row = self._connection.execute(query, wanted).mappings().first()
        return escalation_of(row) if row else None

    def _all(self, query: Select[Any], wanted: dict[str, Any] | None = None) -> list[Escalation]:
        return [escalation_of(row) for row in self._connection.execute(query, wanted).mappings()]


_NAMES = tuple(field.name for field in fields(Escalation))


def _encoded(values: dict[str, Any]) -> dict[str, Any]:
    encoded = {name: canonical_json(values[name]) for name in ("action", "about") if values.get(name)}
    return values | ({"about": None} if "about" in values else {}) | encoded


def escalation_of(row: RowMapping) -> Escalation:
    """Read a stored escalation."""
    values = {name: row[name] for name in _NAMES}
    values["state"] = EscalationState(values["state"])
    values["action"] = ACTION.validate_json(values["action"])
    values["about"] = tuple(json.loads(values["about"])) if values["about"] else ()
    return Escalation(**values)
