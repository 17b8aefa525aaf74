"""What the CRM's page shows: rows of the donor list, and everything about one donor in one document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar, get_args

from pydantic import JsonValue

from .delivery import delivery_state
from .model import Donor, LifecycleStage, Record, Tier
from .search import find
from .store import Store

R = TypeVar("R", bound=Record)
Row = dict[str, JsonValue]
Test = Callable[[Store, Donor], bool]

FILTERS: dict[str, tuple[str, Test]] = {
    "stories": ("Worth watching", lambda store, donor: _story_of(store, donor) is not None),
    "major": ("Major and principal", lambda _store, donor: donor.tier in ("major", "principal")),
    "to_thank": (
        "To be thanked",
        lambda store, donor: any(
            g.acknowledgement.status == "needed" for g in store.tables.gifts.of(donor.id)
        ),
    ),
    "pledges": (
        "Open pledges",
        lambda store, donor: any(p.status == "open" for p in store.tables.pledges.of(donor.id)),
    ),
    "recurring": (
        "Recurring",
        lambda store, donor: any(r.status == "active" for r in store.tables.recurring_gifts.of(donor.id)),
    ),
    "restricted": ("Restricted", lambda _store, donor: bool(flags(donor))),
    "without_owner": ("Without owner", lambda _store, donor: donor.owner_id is None),
}
_FLAGS = {
    "deceased": "Deceased",
    "do_not_contact": "Do not contact",
    "legal_review": "Legal review",
    "sensitive": "Sensitive",
    "vulnerable": "Vulnerable",
    "gives_anonymously": "Anonymous",
}


def flags(donor: Donor) -> list[str]:
    """What restricts how this donor may be treated, in words."""
    shown = [label for name, label in _FLAGS.items() if getattr(donor, name)]
    if donor.processing_region == "eu_only":
        shown.append("EU only")
    if donor.merged_into is not None:
        shown.append("Merged")
    return shown


def filters(store: Store) -> JsonValue:
    """The filters of the list: general ones, and one per owner, stage, tier and restriction in use."""
    donors = tuple(store.tables.donors)
    owners = sorted({donor.owner_id for donor in donors if donor.owner_id})
    restrictions = sorted({flag for donor in donors for flag in flags(donor)})
    offered = [
        *((key, label) for key, (label, _) in FILTERS.items()),
        *((f"owner:{owner}", _staff_name(store, owner)) for owner in owners),
        *((f"stage:{stage}", stage.capitalize()) for stage in get_args(LifecycleStage)),
        *((f"tier:{tier}", tier.capitalize().replace("_", "-")) for tier in get_args(Tier)),
        *((f"flag:{flag}", flag) for flag in restrictions),
    ]
    return [{"id": key, "label": label} for key, label in offered]


def listed_donors(store: Store, search: str, chosen: str) -> list[Donor]:
    """The donors for the list: best match first when searching, otherwise by name."""
    donors = [donor for donor in store.tables.donors if _passes(store, donor, chosen)]
    if search.strip():
        return find(donors, search)
    return sorted(donors, key=lambda d: (d.last_name or d.name, d.name, d.id))


def _passes(store: Store, donor: Donor, chosen: str) -> bool:
    kind, _, value = chosen.partition(":")
    match kind:
        case "owner":
            return donor.owner_id == value
        case "stage":
            return donor.lifecycle_stage == value
        case "tier":
            return donor.tier == value
        case "flag":
            return value in flags(donor)
        case _:
            return chosen not in FILTERS or FILTERS[chosen][1](store, donor)


def row(store: Store, donor: Donor) -> Row:
    """One line of the list."""
    fields = {"id", "name", "type", "email", "city", "country", "owner_id", "lifecycle_stage", "tier", "tags"}
    shown: Row = donor.model_dump(mode="json", include=fields)
    rollups = donor.rollups.model_dump(mode="json")
    return shown | {
        "owner_name": _staff_name(store, donor.owner_id),
        "lifetime_giving": rollups["lifetime_giving"],
        "gift_count": rollups["gift_count"],
        "last_gift_on": rollups["last_gift_on"],
        "flags": [*flags(donor)],
        "story_id": _story_of(store, donor),
    }


def document(store: Store, donor: Donor) -> Row:
    """Everything the page shows about one donor; lists newest first."""
    tables = store.tables
    household = tables.households.get(donor.household_id or "")
    members = [tables.donors.get(key) for key in household.member_ids] if household else []
    gifts = tables.gifts
    return {
        "donor": _wire(donor) | {"flags": [*flags(donor)]},
        "story": next((_wire(s) for s in tables.stories if s.donor_id == donor.id), None),
        "owner": _wire_or_none(tables.staff.get(donor.owner_id or "")),
        "household": _wire_or_none(household),
        "household_members": [row(store, member) for member in members if member],
        "gifts": _newest(gifts.of(donor.id), lambda gift: gift.received_on),
        "soft_credits": _wires(
            gift for gift in gifts if any(c.donor_id == donor.id for c in gift.soft_credits)
        ),
        "pledges": _newest(tables.pledges.of(donor.id), lambda pledge: pledge.pledged_on),
        "recurring_gifts": _newest(tables.recurring_gifts.of(donor.id), lambda gift: gift.started_on),
        "interactions": _newest(tables.interactions.of(donor.id), lambda contact: contact.at),
        "consents": _newest(tables.consents.of(donor.id), lambda consent: consent.captured_on),
        "tasks": _newest(tables.tasks.of(donor.id), lambda task: task.created_at),
        "notes": _newest(tables.notes.of(donor.id), lambda note: note.written_at),
        "changes": _wires(reversed(tables.changes.of(donor.id))),
        "events": _events(store, donor.id),
        "names": _names(store),
    }


def _events(store: Store, donor_id: str) -> JsonValue:
    events = [event for event in store.tables.events if event.subject == donor_id]
    return [
        {**event.wire(), "delivery": delivery_state(event, store.tables.deliveries.get(event.id))}
        for event in reversed(events)
    ]


def _names(store: Store) -> JsonValue:
    """Ids of staff and campaigns to the names that the page shows instead."""
    return {record.id: record.name for record in (*store.tables.staff, *store.tables.campaigns)}


def _story_of(store: Store, donor: Donor) -> str | None:
    return next((story.id for story in store.tables.stories if story.donor_id == donor.id), None)


def _staff_name(store: Store, staff_id: str | None) -> str:
    staff = store.tables.staff.get(staff_id or "")
    return staff.name if staff else staff_id or ""


def _wire(record: Record) -> Row:
    shown: Row = record.model_dump(mode="json")
    return shown


def _newest(records: Sequence[R], key: Callable[[R], date]) -> JsonValue:
    """Newest first; of one day or moment, the later arrival first."""
    return _wires(
        record for _, record in sorted(enumerate(records), key=lambda at: (key(at[1]), at[0]), reverse=True)
    )


def _wires(records: Iterable[Record]) -> JsonValue:
    return [_wire(record) for record in records]


def _wire_or_none(record: Record | None) -> JsonValue:
    return _wire(record) if record is not None else None
