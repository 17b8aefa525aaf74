"""The recommendation behind each decision, and what became of it: how it ended, what was given after it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Connection, Update, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from policy.counted_entries import CampaignTold, Counted, Recorded, Response
from policy.interactions import CONCLUDED, Kind, Recommended
from storage.columns import UtcDateTime, moment_of
from storage.conflict import insert_new
from storage.schema import CAMPAIGNS_COUNTED, GIFTS_AFTER, RECOMMENDATIONS

FOLLOWED_UP = timedelta(days=365)
"""For how long after a decision a gift or a reply still counts as having come after it."""

_ENDED = frozenset({*CONCLUDED, Kind.UNASKED})
_NOT_PROPOSED = Recommended(
    event_at=None, outcome="", action_kind="", stage="", model="", prompt="", confidence=None
)
_PROPOSED = tuple(field.name for field in fields(Recommended))
_R = RECOMMENDATIONS.c


def add_recommendation(
    connection: Connection, entry: Recorded, found: Counted, proposed: Recommended
) -> None:
    """Keep what was proposed, with what it can be told apart by later."""
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


class Behind:
    """The recommendations behind escalations, read at once for all entries that are counted together."""

    def __init__(self, connection: Connection, escalation_ids: Collection[str]) -> None:
        self._connection = connection
        self._known: dict[str, Mapping[str, Any]] = {}
        for row in _recommendations(connection, list(escalation_ids)):
            self._known.setdefault(row["escalation_id"], row)

    def of(self, entry: Recorded, found: Counted) -> Mapping[str, Any] | None:
        """Return the one behind an entry's escalation; the entry that opens one ties the two together."""
        about = found.escalation_id
        if about is None:
            return None
        if found.opens:
            tied = {"opened": about, "asked": found.owner}
            self._connection.execute(_TIE, tied | {"correlation": entry.correlation_id, "moment": entry.at})
            if found_now := _recommendations(self._connection, [about]):
                self._known[about] = found_now[0]
        return self._known.get(about)

    def follow(self, behind: Mapping[str, Any], kind: Kind, at: datetime) -> Mapping[str, Any]:
        """Keep with a recommendation what became of it, and return it as it is then."""
        if kind is Kind.EDITED:
            self._connection.execute(_EDITED, {"entry": behind["entry_id"]})
            behind = self._known[behind["escalation_id"]] = {**behind, "edited": True}
        elif kind in _ENDED:
            ended = {"entry": behind["entry_id"], "end": kind.value, "moment": at}
            self._connection.execute(_CONCLUDED, ended)
        return behind


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


def proposed_in(behind: Mapping[str, Any] | None) -> Recommended:
    """Return what was proposed; nothing where no recommendation is behind it."""
    return Recommended(**{name: behind[name] for name in _PROPOSED}) if behind else _NOT_PROPOSED


def note_response(
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


def cluster_of(household_or_donor: str) -> int:
    """Return what decisions about one household have in common: 63 bits of its digest."""
    return int.from_bytes(hashlib.sha256(household_or_donor.encode()).digest()[:8], "big") >> 1


# Built once: building a statement costs more than running it.
_COLUMNS = tuple(_R.keys())
_MOMENTS = tuple(column.name for column in _R if isinstance(column.type, UtcDateTime))
_BEHIND_ON_SQLITE = (
    f"SELECT {', '.join(_COLUMNS)} FROM recommendations WHERE escalation_id IN ({{marks}}) ORDER BY at"
)
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
