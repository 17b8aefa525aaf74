"""Counting audit entries in the transaction that writes them, and, once, those written before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Column, Connection, Update, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from policy.counted_entries import COUNTED_KINDS, CampaignTold, Counted, Response, counted
from policy.interactions import BY_PEOPLE, CONCLUDED, Interaction, Kind, Recommended, decile
from storage.columns import UtcDateTime, microseconds, moment_of
from storage.conflict import insert_new
from storage.schema import (
    CAMPAIGNS_COUNTED,
    GIFTS_AFTER,
    INTERACTION_GROUPS,
    INTERACTIONS,
    RECOMMENDATIONS,
)
from storage.tallies import DAY, DROP_DAYS, SPAN, WEEK, covering, day_of

FOLLOWED_UP = timedelta(days=365)
"""For how long after a decision a gift or a reply still counts as having come after it."""

UNCOUNTED = "interactions_uncounted"
"""The setting that names the older entries which are still to be counted."""

_COUNTED, _ENDED = frozenset(COUNTED_KINDS), frozenset({*CONCLUDED, Kind.UNASKED})
_NOT_PROPOSED = Recommended(
    event_at=None, outcome="", action_kind="", stage="", model="", prompt="", confidence=None
)
_PROPOSED = tuple(field.name for field in fields(Recommended))
_R = RECOMMENDATIONS.c
_Row = tuple[str, int, int, datetime, int | None, str | None, str | None]
"""An interaction's values in the order of `_INTERACTION`."""
_CountedBy = tuple[str, str, str, str, str, str, str, str, int]
"""What an interaction is counted by, in the order of `_BY`."""


class Recorded(Protocol):
    """What is counted of an audit entry besides its payload."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def at(self) -> datetime:
        """When it happened."""

    @property
    def kind(self) -> str:
        """Its dotted kind."""

    @property
    def correlation_id(self) -> str:
        """What it came of."""

    @property
    def subject(self) -> str | None:
        """The donor it is about."""

    @property
    def actor(self) -> str:
        """Who did it."""


def count_entries(connection: Connection, entries: Iterable[tuple[Recorded, Mapping[str, Any]]]) -> None:
    """Add *entries* with their payloads, in order, to the figures; one counted before changes nothing."""
    rows, groups = list[_Row](), dict[int, _CountedBy]()
    told = [
        (entry, found)
        for entry, data in entries
        if entry.kind in _COUNTED and (found := counted(entry.kind, entry.actor, data))
    ]
    behind = _Behind(connection, {found.escalation_id for _, found in told if found.escalation_id})
    for entry, found in told:
        _count(connection, entry, found, behind, rows, groups)
    if rows:
        _store(connection, rows, groups)


def _count(
    connection: Connection,
    entry: Recorded,
    found: Counted,
    known: _Behind,
    rows: list[_Row],
    groups: dict[int, _CountedBy],
) -> None:
    entry_id, at, donor_id = entry.id, entry.at, entry.subject
    escalation_id, about = found.escalation_id, found.recommended or found.about
    if found.response and donor_id:
        _note_response(connection, entry, found, found.response)
    behind: Mapping[str, Any] | None = None
    if found.recommended:
        _add_recommendation(connection, entry, found, found.recommended)
    elif escalation_id:
        behind = known.of(entry, found)
    about = about or (_about(behind) if behind else _NOT_PROPOSED)
    owner = found.owner or (behind["owner"] if behind else "")
    for number, interaction in enumerate(found.interactions):
        happened = _as_it_was(interaction, behind, at) if behind else interaction
        counted_by = _counted_by(happened, found.person, owner, about)
        group = _id_of(counted_by)
        groups[group] = counted_by
        rows.append((entry_id, number, group, at, happened.amount, donor_id, escalation_id))
        if behind:
            _follow(connection, behind["entry_id"], happened.kind, at)
            if happened.kind is Kind.EDITED:
                behind = known.edited(escalation_id or "", behind)


def _as_it_was(interaction: Interaction, behind: Mapping[str, Any], at: datetime) -> Interaction:
    """Tell an approval of what was proposed from one of an edited version, and how long a decision took."""
    kind, amount = interaction.kind, interaction.amount
    if behind["edited"] and kind is Kind.APPROVED:
        kind = Kind.APPROVED_EDITED
    if kind in BY_PEOPLE and behind["event_at"] is not None:
        amount = max(0, int((at - behind["event_at"]).total_seconds() // 60))
    return Interaction(kind=kind, reason=interaction.reason, amount=amount)


def _add_recommendation(
    connection: Connection, entry: Recorded, found: Counted, proposed: Recommended
) -> None:
    values = asdict(proposed) | {
        "entry_id": entry.id,
        "correlation_id": entry.correlation_id,
        "donor_id": entry.subject,
        "at": entry.at,
        "escalation_id": None,
        "owner": "",
        "edited": False,
        "cluster": cluster_of(found.household_id or entry.subject or ""),
        "campaign_id": found.campaign.id if found.campaign else None,
        "after_gift": found.after_gift,
    }
    if found.campaign:
        _tell_campaign(connection, found.campaign, entry.at)
    insert_new(connection, RECOMMENDATIONS, ("entry_id",), values)


def _tell_campaign(connection: Connection, campaign: CampaignTold, at: datetime) -> None:
    """Keep what was told of a campaign last."""
    row = campaign.model_dump(exclude={"id", "name"}) | {
        "campaign_id": campaign.id,
        "campaign_name": campaign.name,
        "told_at": at,
    }
    connection.execute(_campaign_told(connection.dialect.name, tuple(row)), row)


@lru_cache
def _campaign_told(dialect: str, names: tuple[str, ...]) -> postgresql.Insert | sqlite.Insert:
    """Build, once for each database, what keeps the newer of what was told before and now."""
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(CAMPAIGNS_COUNTED)
    told = {name: new.excluded[name] for name in names if name != "campaign_id"}
    newer = CAMPAIGNS_COUNTED.c.told_at < new.excluded.told_at
    return new.inline().on_conflict_do_update(index_elements=["campaign_id"], set_=told, where=newer)


class _Behind:
    """The recommendations behind escalations, read at once for all entries that are counted together."""

    def __init__(self, connection: Connection, escalation_ids: Collection[str]) -> None:
        self._connection = connection
        self._known: dict[str, Mapping[str, Any]] = {}
        for row in _recommendations(connection, list(escalation_ids)):
            self._known.setdefault(row["escalation_id"], row)

    def of(self, entry: Recorded, found: Counted) -> Mapping[str, Any] | None:
        """Return the one behind an escalation; the entry that opens one ties the two together."""
        about = found.escalation_id or ""
        if found.opens:
            tied = {"opened": about, "asked": found.owner}
            self._connection.execute(_TIE, tied | {"correlation": entry.correlation_id, "moment": entry.at})
            if found_now := _recommendations(self._connection, [about]):
                self._known[about] = found_now[0]
        return self._known.get(about)

    def edited(self, about: str, behind: Mapping[str, Any]) -> Mapping[str, Any]:
        """Remember that what is approved from here on is an edited version."""
        self._known[about] = {**behind, "edited": True}
        return self._known[about]


def _recommendations(connection: Connection, about: list[str]) -> list[dict[str, Any]]:
    """Return what is behind these escalations, the earliest first."""
    if not about:
        return []
    if connection.dialect.name != "sqlite":
        return [dict(row) for row in connection.execute(_BEHIND, {"about": about}).mappings()]
    driver: Any = connection.connection.driver_connection
    marks = ",".join("?" * len(about))
    rows = driver.execute(_BEHIND_ON_SQLITE.format(marks=marks), about).fetchall()
    return [_read_row(row) for row in rows]


def _read_row(row: Sequence[Any]) -> dict[str, Any]:
    read = dict(zip(_COLUMNS, row, strict=True))
    return read | {name: moment_of(read[name]) for name in _MOMENTS if read[name] is not None}


def _about(behind: Mapping[str, Any]) -> Recommended:
    return Recommended(**{name: behind[name] for name in _PROPOSED})


def _follow(connection: Connection, entry_id: str, kind: Kind, at: datetime) -> None:
    """Keep with a recommendation what became of it."""
    if kind is Kind.EDITED:
        connection.execute(_EDITED, {"entry": entry_id})
    elif kind in _ENDED:
        connection.execute(_CONCLUDED, {"entry": entry_id, "end": kind.value, "moment": at})


def _note_response(
    connection: Connection, entry: Recorded, found: Counted, response: tuple[Response, datetime]
) -> None:
    """Note the first gift or reply after each decision about a donor, and every gift after the last one."""
    at = min(response[1], entry.at)
    when = {"donor": entry.subject, "moment": at, "earliest": at - FOLLOWED_UP}
    connection.execute(_RESPONDED[response[0]], when)
    if response[0] != "gave":
        return
    last = connection.execute(_LAST_BEFORE, when).scalar_one_or_none()
    if last is not None:
        came_to = found.gift
        gift = {
            "event_id": found.event_id or entry.id,
            "recommendation_id": last,
            "donor_id": entry.subject,
            "at": at,
            "amount_minor": came_to.minor if came_to else None,
            "currency": came_to.currency if came_to else None,
        }
        insert_new(connection, GIFTS_AFTER, ("event_id",), gift)


def _counted_by(happened: Interaction, person: str, owner: str, about: Recommended) -> _CountedBy:
    """Return what an interaction is counted by, in the order of `_BY`."""
    return (
        happened.kind.value,
        happened.reason,
        person,
        owner,
        about.action_kind,
        about.stage,
        about.model,
        about.prompt,
        decile(about.confidence),
    )


def cluster_of(household_or_donor: str) -> int:
    """Return what decisions about one household have in common: 63 bits of its digest."""
    return int.from_bytes(hashlib.sha256(household_or_donor.encode()).digest()[:8], "big") >> 1


def group_id(group: Mapping[str, Any]) -> int:
    """Return the id of a group: 63 bits of the digest of what it is counted by."""
    return _id_of(tuple(group[name] for name in _BY))


@lru_cache(4096)
def _id_of(counted_by: _CountedBy) -> int:
    """Digest once what is counted again and again."""
    spelled = json.dumps(list(counted_by), ensure_ascii=False).encode()
    return int.from_bytes(hashlib.sha256(spelled).digest()[:8], "big") >> 1


def _store(connection: Connection, rows: Sequence[_Row], groups: Mapping[int, _CountedBy]) -> None:
    days = {day_of(row[3]) for row in rows}
    if connection.dialect.name == "sqlite":
        _store_on_sqlite(connection, rows, groups, days)
        return
    known = connection.execute(_KNOWN_GROUPS, {"groups": list(groups)} | covering(days))
    missing = set(groups) - set(known.scalars())
    if missing:
        named = [dict(zip(_GROUP, (each, *groups[each]), strict=True)) for each in sorted(missing)]
        connection.execute(_NEW_GROUPS, named)
    connection.execute(_NEW_INTERACTIONS, [dict(zip(_INTERACTION, row, strict=True)) for row in rows])


def _store_on_sqlite(
    connection: Connection, rows: Sequence[_Row], groups: Mapping[int, _CountedBy], days: Collection[int]
) -> None:
    """Insert through the driver, as entries are: converting every value would cost more than inserting."""
    driver: Any = connection.connection.driver_connection
    driver.executemany(_LATE_ON_SQLITE, [(day, day - day % WEEK, day - day % SPAN) for day in days])
    driver.executemany(_GROUPS_ON_SQLITE, [(each, *counted_by) for each, counted_by in groups.items()])
    spelled = [(*row[:3], microseconds(row[3]), *row[4:]) for row in rows]
    driver.executemany(_INTERACTIONS_ON_SQLITE, spelled)


_BY = ("kind", "reason", "person", "owner", "action_kind", "stage", "model", "prompt", "confidence")

# Built once: building a statement costs more than running it.
_COLUMNS = tuple(_R.keys())
_MOMENTS = tuple(column.name for column in _R if isinstance(column.type, UtcDateTime))
_BEHIND_ON_SQLITE = (
    f"SELECT {', '.join(_COLUMNS)} FROM recommendations WHERE escalation_id IN ({{marks}}) ORDER BY at"
)
_GROUP = ("id", *_BY)
_GROUPS_ON_SQLITE = (
    f"INSERT INTO interaction_groups ({', '.join(_GROUP)}) VALUES ({', '.join('?' * len(_GROUP))}) "
    "ON CONFLICT DO NOTHING"
)
_INTERACTION = ("entry_id", "number", "group_id", "at", "amount", "donor_id", "escalation_id")
_INTERACTIONS_ON_SQLITE = (
    f"INSERT INTO interactions ({', '.join(_INTERACTION)}) VALUES ({', '.join('?' * len(_INTERACTION))}) "
    "ON CONFLICT DO NOTHING"
)
_LATE_ON_SQLITE = "DELETE FROM tallies WHERE " + " OR ".join(
    f"(first_day = ? AND days = {days})" for days in (DAY, WEEK, SPAN)
)
_NEW_GROUPS = postgresql.insert(INTERACTION_GROUPS).on_conflict_do_nothing()
_NEW_INTERACTIONS = postgresql.insert(INTERACTIONS).on_conflict_do_nothing()
_KNOWN_GROUPS = (
    select(INTERACTION_GROUPS.c.id)
    .where(INTERACTION_GROUPS.c.id.in_(bindparam("groups", expanding=True)))
    .add_cte(DROP_DAYS.cte("late"))
)
"""Which groups are there; what is kept of a day that is written about late is dropped on the same way."""
_BEHIND = (
    select(RECOMMENDATIONS).where(_R.escalation_id.in_(bindparam("about", expanding=True))).order_by(_R.at)
)
_LAST = (
    select(_R.entry_id)
    .where(
        _R.correlation_id == bindparam("correlation"),
        _R.escalation_id.is_(None),
        _R.at <= bindparam("moment", type_=UtcDateTime()),
    )
    .order_by(_R.at.desc(), _R.entry_id.desc())
    .limit(1)
)
_TIE = (
    update(RECOMMENDATIONS)
    .where(_R.entry_id == _LAST.scalar_subquery())
    .values(escalation_id=bindparam("opened"), owner=bindparam("asked"))
)
_EDITED = update(RECOMMENDATIONS).where(_R.entry_id == bindparam("entry")).values(edited=True)
_CONCLUDED = (
    update(RECOMMENDATIONS)
    .where(_R.entry_id == bindparam("entry"))
    .values(
        conclusion=bindparam("end"),
        concluded_at=bindparam("moment", type_=UtcDateTime()),
        gave_at=None,
        replied_at=None,
    )
)


_LAST_BEFORE = (
    select(_R.entry_id)
    .where(
        _R.donor_id == bindparam("donor"),
        _R.concluded_at < bindparam("moment", type_=UtcDateTime()),
        _R.concluded_at >= bindparam("earliest", type_=UtcDateTime()),
    )
    .order_by(_R.concluded_at.desc(), _R.entry_id.desc())
    .limit(1)
)


def _responded(column: Column[datetime]) -> Update:
    moment = bindparam("moment", type_=UtcDateTime())
    return (
        update(RECOMMENDATIONS)
        .where(
            _R.donor_id == bindparam("donor"),
            _R.concluded_at < moment,
            _R.concluded_at >= bindparam("earliest", type_=UtcDateTime()),
            column.is_(None),
        )
        .values({column.name: moment})
    )


_RESPONDED = {"gave": _responded(_R.gave_at), "replied": _responded(_R.replied_at)}
