"""Counting audit entries in the transaction that writes them, and, once, those written before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Column, Connection, Update, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from policy.interactions import (
    BY_PEOPLE,
    CONCLUDED,
    COUNTED_KINDS,
    CampaignTold,
    Counted,
    Interaction,
    Kind,
    Recommended,
    Response,
    counted,
    decile,
)
from storage.columns import UtcDateTime
from storage.conflict import insert_new
from storage.schema import (
    CAMPAIGNS_COUNTED,
    GIFTS_AFTER,
    INTERACTION_GROUPS,
    INTERACTIONS,
    RECOMMENDATIONS,
)

FOLLOWED_UP = timedelta(days=365)
"""For how long after a decision a gift or a reply still counts as having come after it."""

_COUNTED, _ENDED = frozenset(COUNTED_KINDS), frozenset({*CONCLUDED, Kind.UNASKED})
_NOT_PROPOSED = Recommended(
    event_at=None, outcome="", action_kind="", stage="", model="", prompt="", confidence=None
)
_R = RECOMMENDATIONS.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An audit entry as it is counted."""

    id: str
    at: datetime
    kind: str
    correlation_id: str
    donor_id: str | None
    actor: str
    payload: Mapping[str, Any] | BaseModel | bytes


def count_entries(connection: Connection, entries: Iterable[Entry]) -> None:
    """Add *entries*, in order, to the figures; one that was counted before changes nothing."""
    rows: list[dict[str, Any]] = []
    groups: dict[int, dict[str, Any]] = {}
    told = [
        (entry, found)
        for entry in entries
        if entry.kind in _COUNTED and (found := counted(entry.kind, entry.actor, _read(entry)))
    ]
    behind = _Behind(connection, {found.escalation_id for _, found in told if found.escalation_id})
    for entry, found in told:
        _count(connection, entry, found, behind, rows, groups)
    _store(connection, rows, groups)


def _read(entry: Entry) -> Mapping[str, Any]:
    payload = entry.payload
    if isinstance(payload, bytes):
        read: Mapping[str, Any] = json.loads(payload)
        return read
    return payload.model_dump(mode="json") if isinstance(payload, BaseModel) else payload


def _count(
    connection: Connection,
    entry: Entry,
    found: Counted,
    known: _Behind,
    rows: list[dict[str, Any]],
    groups: dict[int, dict[str, Any]],
) -> None:
    if found.response and entry.donor_id:
        _note_response(connection, entry, found.response, found.event_id)
    behind: Mapping[str, Any] | None = None
    if found.recommended:
        _add_recommendation(connection, entry, found, found.recommended)
    elif found.escalation_id:
        behind = known.of(entry, found)
    about = found.recommended or found.about or (_about(behind) if behind else _NOT_PROPOSED)
    owner = found.owner or (behind["owner"] if behind else "")
    for number, interaction in enumerate(found.interactions):
        happened = _as_it_was(interaction, behind, entry.at)
        group = _group(happened, found.person, owner, about)
        groups[group["id"]] = group
        rows.append(
            {
                "entry_id": entry.id,
                "number": number,
                "group_id": group["id"],
                "at": entry.at,
                "amount": happened.amount,
                "donor_id": entry.donor_id,
                "escalation_id": found.escalation_id,
            }
        )
        if behind:
            _follow(connection, behind["entry_id"], happened.kind, entry.at)
            if happened.kind is Kind.EDITED:
                behind = known.edited(found.escalation_id or "", behind)


def _as_it_was(interaction: Interaction, behind: Mapping[str, Any] | None, at: datetime) -> Interaction:
    """Tell an approval of what was proposed from one of an edited version, and how long a decision took."""
    kind, amount = interaction.kind, interaction.amount
    if behind and behind["edited"] and kind is Kind.APPROVED:
        kind = Kind.APPROVED_EDITED
    if behind and kind in BY_PEOPLE and behind["event_at"] is not None:
        amount = max(0, int((at - behind["event_at"]).total_seconds() // 60))
    return Interaction(kind=kind, reason=interaction.reason, amount=amount)


def _add_recommendation(connection: Connection, entry: Entry, found: Counted, proposed: Recommended) -> None:
    values = proposed.model_dump() | {
        "entry_id": entry.id,
        "correlation_id": entry.correlation_id,
        "donor_id": entry.donor_id,
        "at": entry.at,
        "escalation_id": None,
        "owner": "",
        "edited": False,
        "cluster": cluster_of(found.household_id or entry.donor_id or ""),
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
    dialect = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = dialect(CAMPAIGNS_COUNTED)
    told = {name: new.excluded[name] for name in row if name != "campaign_id"}
    newer = CAMPAIGNS_COUNTED.c.told_at < new.excluded.told_at
    connection.execute(new.on_conflict_do_update(index_elements=["campaign_id"], set_=told, where=newer), row)


class _Behind:
    """The recommendations behind escalations, read at once for all entries that are counted together."""

    def __init__(self, connection: Connection, escalation_ids: Collection[str]) -> None:
        self._connection = connection
        self._known: dict[str, Mapping[str, Any]] = {}
        if escalation_ids:
            found = connection.execute(_BEHIND, {"about": list(escalation_ids)}).mappings()
            for row in found:
                self._known.setdefault(row["escalation_id"], dict(row))

    def of(self, entry: Entry, found: Counted) -> Mapping[str, Any] | None:
        """Return the one behind an escalation; the entry that opens one ties the two together."""
        about = found.escalation_id or ""
        if found.opens:
            tied = {"opened": about, "asked": found.owner}
            self._connection.execute(_TIE, tied | {"correlation": entry.correlation_id, "moment": entry.at})
            row = self._connection.execute(_BEHIND, {"about": [about]}).mappings().first()
            if row is not None:
                self._known[about] = dict(row)
        return self._known.get(about)

    def edited(self, about: str, behind: Mapping[str, Any]) -> Mapping[str, Any]:
        """Remember that what is approved from here on is an edited version."""
        self._known[about] = {**behind, "edited": True}
        return self._known[about]


def _about(behind: Mapping[str, Any]) -> Recommended:
    return Recommended(**{name: behind[name] for name in Recommended.model_fields})


def _follow(connection: Connection, entry_id: str, kind: Kind, at: datetime) -> None:
    """Keep with a recommendation what became of it."""
    if kind is Kind.EDITED:
        connection.execute(_EDITED, {"entry": entry_id})
    elif kind in _ENDED:
        connection.execute(_CONCLUDED, {"entry": entry_id, "end": kind.value, "moment": at})


def _note_response(
    connection: Connection, entry: Entry, response: tuple[Response, datetime], event_id: str
) -> None:
    """Note the first gift or reply after each decision about a donor, and every gift after the last one."""
    at = min(response[1], entry.at)
    when = {"donor": entry.donor_id, "moment": at, "earliest": at - FOLLOWED_UP}
    connection.execute(_RESPONDED[response[0]], when)
    if response[0] != "gave":
        return
    last = connection.execute(_LAST_BEFORE, when).scalar_one_or_none()
    if last is not None:
        gift = {"event_id": event_id or entry.id, "donor_id": entry.donor_id, "at": at}
        insert_new(connection, GIFTS_AFTER, ("event_id",), gift | {"recommendation_id": last})


def _group(happened: Interaction, person: str, owner: str, about: Recommended) -> dict[str, Any]:
    group: dict[str, Any] = {
        "kind": happened.kind.value,
        "reason": happened.reason,
        "person": person,
        "owner": owner,
        "action_kind": about.action_kind,
        "stage": about.stage,
        "model": about.model,
        "prompt": about.prompt,
        "confidence": decile(about.confidence),
    }
    return group | {"id": group_id(group)}


def cluster_of(household_or_donor: str) -> int:
    """Return what decisions about one household have in common: 63 bits of its digest."""
    return int.from_bytes(hashlib.sha256(household_or_donor.encode()).digest()[:8], "big") >> 1


def group_id(group: Mapping[str, Any]) -> int:
    """Return the id of a group: 63 bits of the digest of what it is counted by."""
    return _id_of(tuple(group[name] for name in _BY))


@lru_cache(4096)
def _id_of(counted_by: tuple[Any, ...]) -> int:
    """Digest once what is counted again and again."""
    spelled = json.dumps(list(counted_by), ensure_ascii=False).encode()
    return int.from_bytes(hashlib.sha256(spelled).digest()[:8], "big") >> 1


def _store(connection: Connection, rows: Sequence[dict[str, Any]], groups: dict[int, dict[str, Any]]) -> None:
    if not rows:
        return
    known = select(INTERACTION_GROUPS.c.id).where(INTERACTION_GROUPS.c.id.in_(list(groups)))
    missing = set(groups) - set(connection.execute(known).scalars())
    dialect = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    if missing:
        new_groups = [groups[each] for each in sorted(missing)]
        connection.execute(dialect(INTERACTION_GROUPS).on_conflict_do_nothing(), new_groups)
    connection.execute(dialect(INTERACTIONS).on_conflict_do_nothing(), list(rows))


_BY = ("kind", "reason", "person", "owner", "action_kind", "stage", "model", "prompt", "confidence")

# Built once: building a statement costs more than running it.
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
