"""What is stored beside the log and says something else than the log: decisions, figures, rules, checkpoints.

The log proves itself. Everything else could be edited by whoever owns the database; where an entry vouches
for it, the two are compared. Nothing here needs a key, and nothing that was erased is missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from policy.counted_entries import PLAINLY_COUNTED
from policy.escalation import STATE_AFTER, EscalationState
from policy.interactions import Kind
from storage.counting import UNCOUNTED
from storage.policies import source_digest
from storage.schema import (
    AUDIT_CHECKPOINTS,
    AUDIT_LOG,
    AUDIT_PAYLOADS,
    AUDIT_SUBJECTS,
    ESCALATIONS,
    INTERACTION_GROUPS,
    INTERACTIONS,
    POLICY_VERSIONS,
    SETTINGS,
)

_LOG, _E, _I, _S = AUDIT_LOG.c, ESCALATIONS.c, INTERACTIONS.c, AUDIT_SUBJECTS.c
_OPENED = "escalation.opened"
_BEGUN = (_OPENED, "escalation.allowed")


def contradictions(connection: Connection) -> list[str]:
    """Return what is not as the log says, each as the end of a sentence."""
    return [*_decisions(connection), *_donors(connection), *_figures(connection), *_others(connection)]


@dataclass(slots=True)
class _Told:
    """What the log says of one case: the state it ends in, how often it began, and who acted."""

    state: EscalationState | None = None
    opened: int = 0
    begun: bool = False
    people: set[str] = field(default_factory=set)


def _decisions(connection: Connection) -> Iterator[str]:
    stored = connection.execute(select(_E.id, _E.correlation_id, _E.state, _E.decided_by)).all()
    in_case = Counter(correlation_id for _, correlation_id, _, _ in stored)
    told = _cases(connection)
    for about, case, state, decided_by in stored:
        found = told.get(case, _Told())
        if not found.begun:
            yield f"decision {about} was put in: no entry says that it was opened"
        elif in_case[case] == 1 and found.state != state:
            yield f"decision {about} is {state}, and by the log it is {found.state}"
        elif decided_by and f"slack:{decided_by}" not in found.people:
            yield f"decision {about} names {decided_by}, who did nothing about it by the log"
    for case, found in told.items():
        if found.opened > in_case[case]:
            yield f"a decision that was opened is gone (reference {case[-6:].lower()})"


def _cases(connection: Connection) -> dict[str, _Told]:
    cases: dict[str, _Told] = {}
    known = exists().where(_S.subject_ref == _LOG.subject_ref)
    query = select(_LOG.correlation_id, _LOG.kind, _LOG.actor).where(_LOG.kind.in_(tuple(STATE_AFTER)), known)
    for case, kind, actor in connection.execute(query.order_by(_LOG.position)):
        told = cases.setdefault(case, _Told())
        told.state = STATE_AFTER[kind]
        told.opened += kind == _OPENED
        told.begun = told.begun or kind in _BEGUN
        told.people.add(actor)
    return cases


def _donors(connection: Connection) -> Iterator[str]:
    """Compare whom entries are about with whom the rows made of them are about."""
    whose = AUDIT_LOG.outerjoin(AUDIT_SUBJECTS, _S.subject_ref == _LOG.subject_ref)
    decided = and_(_LOG.correlation_id == _E.correlation_id, _LOG.kind == _OPENED)
    for table, on in ((ESCALATIONS, decided), (INTERACTIONS, _LOG.id == _I.entry_id)):
        other = or_(_S.donor_id.is_(None), _S.donor_id != table.c.donor_id)
        query = select(table.c.donor_id).distinct().select_from(table.join(whose, on))
        mistaken = connection.execute(query.where(table.c.donor_id.is_not(None), other)).scalars()
        for donor_id in sorted(mistaken):
            yield f"entries about {donor_id} stand under another donor"
            return


def _figures(connection: Connection) -> Iterator[str]:
    if _is_being_counted(connection):
        return
    of_the_log = INTERACTIONS.outerjoin(AUDIT_LOG, _LOG.id == _I.entry_id)
    amiss = or_(_LOG.id.is_(None), _LOG.at != _I.at)
    if count := _count(connection, select(func.count()).select_from(of_the_log).where(amiss)):
        yield f"{count} counted interactions are not those of an entry"
    if count := _count(connection, _uncounted()):
        yield f"{count} entries are missing from the figures"
    if count := sum(n for kind, group, n in _counted_as(connection) if not _fits(kind, group)):
        yield f"{count} interactions are counted as something else than happened"


def _is_being_counted(connection: Connection) -> bool:
    value = select(SETTINGS.c.value).where(SETTINGS.c.key == UNCOUNTED)
    return connection.execute(value).scalar_one_or_none() not in (None, "null")


def _uncounted() -> Select[Any]:
    has_payload: ColumnElement[bool] = exists().where(AUDIT_PAYLOADS.c.entry_id == _LOG.id)
    is_counted = exists().where(_I.entry_id == _LOG.id)
    return select(func.count()).where(_LOG.kind.in_(tuple(PLAINLY_COUNTED)), has_payload, ~is_counted)


def _counted_as(connection: Connection) -> list[Any]:
    """Return how often the first interaction of an entry of some kind is counted as what."""
    group = INTERACTION_GROUPS.c
    query = (
        select(_LOG.kind, group.kind, func.count())
        .join(INTERACTIONS, _I.entry_id == _LOG.id)
        .outerjoin(INTERACTION_GROUPS, group.id == _I.group_id)
        .where(_LOG.kind.in_(tuple(PLAINLY_COUNTED)), _I.number == 0)
        .group_by(_LOG.kind, group.kind)
    )
    return list(connection.execute(query).all())


def _fits(kind: str, counted_as: str | None) -> bool:
    meant = PLAINLY_COUNTED[kind]
    return counted_as == meant or (meant is Kind.APPROVED and counted_as == Kind.APPROVED_EDITED)


def _others(connection: Connection) -> Iterator[str]:
    versions = select(POLICY_VERSIONS.c.version, POLICY_VERSIONS.c.source, POLICY_VERSIONS.c.source_digest)
    for version, source, digest in connection.execute(versions):
        if source_digest(source) != digest:
            yield f"the text of the rules {version[:12]} is not the one that was stored"
    signed = _count(connection, select(func.count()).where(_LOG.kind == "checkpoint.signed"))
    kept = _count(connection, select(func.count()).select_from(AUDIT_CHECKPOINTS))
    if kept < signed:
        yield f"{signed - kept} of the {signed} signed checkpoints that the log records are gone"


def _count(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(query).scalar_one())
