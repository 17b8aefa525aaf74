"""Statements about escalations that every event and card runs: building one costs more than running it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, insert, select, update

from policy.escalation import UNDECIDED
from storage.columns import UtcDateTime
from storage.schema import ESCALATIONS

_C = ESCALATIONS.c


def _oldest_first(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(ESCALATIONS).where(*conditions).order_by(_C.created_at, _C.id)


def _cards(whose: ColumnElement[bool]) -> Select[Any]:
    start = bindparam("start", type_=UtcDateTime())
    return select(func.count()).where(whose, _C.shown == "card", _C.created_at >= start)


ADDING = insert(ESCALATIONS).inline()
CHANGING = update(ESCALATIONS).where(_C.id == bindparam("of_id"))
"""The parameters say what is set."""

SHOWING = update(ESCALATIONS).where(
    _C.id == bindparam("of_id"),
    _C.route == bindparam("of_route"),
    _C.channel_id.is_not_distinct_from(bindparam("of_channel", type_=_C.channel_id.type)),
)
"""The parameters say by which message it is shown."""

WITH_ID = select(ESCALATIONS).where(_C.id == bindparam("of_id"))
CORRELATION = select(_C.correlation_id).where(_C.id == bindparam("of_id"))
REPLACED_BY = _oldest_first(_C.successor_id == bindparam("of_successor"))
UNDECIDED_ABOUT = _oldest_first(_C.donor_id == bindparam("of_donor"), _C.state.in_(UNDECIDED))
UNDECIDED_IN_MATTER = _oldest_first(_C.fold_key == bindparam("of_matter"), _C.state.in_(UNDECIDED))
OF_DONORS = _oldest_first(
    _C.donor_id.in_(bindparam("of_donors", expanding=True)),
    _C.state.in_(bindparam("in_states", expanding=True)),
)
CARDS_OF_PERSON = _cards(_C.for_person == bindparam("of_person"))
CARDS_OF_ROUTE = _cards((_C.route == bindparam("of_route")) & _C.for_person.is_(None))
