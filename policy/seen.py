"""What a decision was taken on, so that at execution everything that matters can be compared with it.

That is the fields the action changes, what the card says about the donor, the records its reasons cite, and
the facts read by the rules that matched. What moves only because time passes is left to the rules themselves:
they are asked again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from policy.actions import Action, FieldChange
from policy.changes import Names, affected_gift, changes, spell_date
from policy.decision_facts import DecisionFacts
from policy.donor import DonorRecord, Gift
from policy.fact_catalogue import catalogue
from policy.money import Money
from policy.value import Value

GONE = "no longer there"
NOT_SHOWN = "changed, not shown"
MOST_RECORDS = 60
DECEASED, DO_NOT_CONTACT = "donor:deceased", "donor:do_not_contact"

_FIELD, _FACT, _RECORD = "field:", "fact:", "record:"
_ALWAYS = ("consent.status", "consent.expired")
_DRIFTING = frozenset(
    {
        "action.days_ahead",
        "cadence.channel_share_90_days",
        "cadence.days_since_ask",
        "cadence.days_since_touch",
        "campaign.days_until_end",
        "consent.days_since_captured",
        "giving.days_since_gift",
        "record.age_minutes",
    }
)
_MARKS = {
    "deceased": "Deceased",
    "do_not_contact": "Do not contact",
    "legal_review": "Under legal review",
    "sensitive": "Sensitive relationship",
    "vulnerable": "In vulnerable circumstances",
    "gives_anonymously": "Gives anonymously",
}

_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)


class Seen(Value):
    """One thing a decision was taken on: *name* finds it again, *label* and *value* are spelled for people.

    An *amount* may have to be hidden. A *count* has changed only when it has grown.
    """

    name: str
    label: str
    value: str
    amount: bool = False
    count: int | None = None


def what_is_seen(
    record: DonorRecord,
    action: Action,
    facts: DecisionFacts,
    *,
    names: Names,
    read: Collection[str],
    cites: Collection[str],
) -> tuple[Seen, ...]:
    """Return what a decision on *action* rests on; *read* names facts, *cites* records."""
    gift = affected_gift(action, record)
    cited = dict.fromkeys([*cites, *([gift.id] if gift else [])])
    return (
        *fields_seen(action, record, names),
        *_donor(record),
        *_records(record, cited),
        *_facts(facts, dict.fromkeys([*_ALWAYS, *read])),
    )


def fields_seen(action: Action, record: DonorRecord, names: Names) -> tuple[Seen, ...]:
    """Return the fields that *action* changes as they are before it."""
    return tuple(
        Seen(name=f"{_FIELD}{each.record}:{each.field}", label=each.field, value=each.before)
        for each in changes(action, record, names)
    )


def seen_of_version(
    seen: tuple[Seen, ...],
    action: Action,
    record: DonorRecord,
    facts: DecisionFacts,
    *,
    names: Names,
    read: Collection[str],
) -> tuple[Seen, ...]:
    """Return *seen* for another version of the action; what was seen of the donor and the records stays."""
    return (
        *fields_seen(action, record, names),
        *(each for each in seen if not each.name.startswith((_FIELD, _FACT))),
        *_facts(facts, dict.fromkeys([*_ALWAYS, *read])),
    )


def cites_of(seen: Iterable[Seen]) -> tuple[str, ...]:
    """Return the records that *seen* rests on."""
    cited = (each.name.split(":")[1] for each in seen if each.name.startswith(_RECORD))
    return tuple(dict.fromkeys(cited))


def facts_of(seen: Iterable[Seen]) -> tuple[str, ...]:
    """Return the facts that *seen* rests on."""
    return tuple(each.name.removeprefix(_FACT) for each in seen if each.name.startswith(_FACT))


def what_changed(
    before: Iterable[Seen], now: Iterable[Seen], *, hide_amounts: bool
) -> tuple[FieldChange, ...]:
    """Return what is no longer as it was seen, spelled for people."""
    current = {each.name: each for each in now}
    return tuple(
        _change(each, current.get(each.name), hide_amounts=hide_amounts)
        for each in before
        if _differs(each, current.get(each.name))
    )


def records_changed(before: Iterable[Seen], now: Iterable[Seen]) -> frozenset[str]:
    """Return the records that no longer read as they were cited."""
    current = {each.name: each for each in now}
    return frozenset(
        each.name.split(":")[1]
        for each in before
        if each.name.startswith(_RECORD) and _differs(each, current.get(each.name))
    )


def became_true(name: str, before: Iterable[Seen], now: Iterable[Seen]) -> bool:
    """Say whether the mark *name* of the donor was not there when the decision was taken, and is now."""
    was = any(each.name == name and each.value == "yes" for each in before)
    return not was and any(each.name == name and each.value == "yes" for each in now)


def _differs(before: Seen, now: Seen | None) -> bool:
    if now is not None and before.count is not None and now.count is not None:
        return now.count > before.count
    return now is None or now.value != _spelled_as_now(before.value)


def _spelled_as_now(value: str) -> str:
    """Spell a date as it is today: earlier releases kept "2026-11-24", and its form is no change of it."""
    if not _DATE.fullmatch(value):
        return value
    return spell_date(date.fromisoformat(value))


def _change(before: Seen, now: Seen | None, *, hide_amounts: bool) -> FieldChange:
    after = now.value if now else GONE
    if before.amount and hide_amounts:
        return FieldChange(record="donor", field=before.label, before="", after=NOT_SHOWN if now else GONE)
    return FieldChange(record="donor", field=before.label, before=before.value, after=after)


def _donor(record: DonorRecord) -> Iterator[Seen]:
    donor, owner = record.donor, record.owner
    shown = {
        "name": ("Name", donor.name),
        "lifecycle_stage": ("Lifecycle stage", donor.lifecycle_stage.value),
        "tier": ("Tier", donor.tier.value if donor.tier else "none"),
        "owner": ("Relationship owner", owner.name if owner else "nobody"),
    }
    marks = {name: (label, _spell(getattr(donor, name))) for name, label in _MARKS.items()}
    for name, (label, value) in (shown | marks).items():
        yield Seen(name=f"donor:{name}", label=label, value=value)


def _records(record: DonorRecord, cites: Collection[str]) -> Iterator[Seen]:
    held = _held(record)
    for cite in list(cites)[:MOST_RECORDS]:
        for what, (label, value) in held.get(cite, {}).items():
            amount = isinstance(value, Money)
            yield Seen(name=f"{_RECORD}{cite}:{what}", label=label, value=str(value), amount=amount)


def _held(record: DonorRecord) -> dict[str, dict[str, tuple[str, Any]]]:
    """Return by record what its card may say of it."""
    held = {gift.id: _gift(gift) for gift in (*record.gifts, *record.soft_credited_gifts)}
    for pledge in record.pledges:
        held[pledge.id] = {
            "amount": ("Pledge", pledge.amount),
            "status": ("Status of the pledge", pledge.status),
        }
    for standing in record.recurring_gifts:
        held[standing.id] = {
            "amount": ("Recurring gift", standing.amount),
            "status": ("Status of the recurring gift", standing.status),
        }
    for interaction in record.interactions:
        label = f"{interaction.kind.replace('_', ' ').capitalize()} of {interaction.at:%d %b %Y}"
        held[interaction.id] = {"status": (label, interaction.status)}
    return held


def _gift(gift: Gift) -> dict[str, tuple[str, Any]]:
    of = f"the gift of {spell_date(gift.received_on)}"
    return {
        "amount": (f"Amount of {of}", gift.amount),
        "status": (f"Status of {of}", gift.status),
        "received_on": (f"Date of {of}", spell_date(gift.received_on)),
        "thanks": (f"Thanks for {of}", gift.acknowledgement.status.replace("_", " ")),
    }


def _facts(facts: DecisionFacts, names: Iterable[str]) -> Iterator[Seen]:
    known: Mapping[str, Any] = catalogue()
    for name in names:
        group, _, field = name.partition(".")
        fact = known.get(name)
        if fact is None or fact.presence_of or group in ("cal", "donor") or name in _DRIFTING:
            continue
        value = getattr(getattr(facts, group), field)
        label = fact.description.partition(";")[0].rstrip(".")
        count = value if group == "cadence" and isinstance(value, int) else None
        yield Seen(name=f"{_FACT}{name}", label=label, value=_spell(value), count=count)


def _spell(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, list)):
        return ", ".join(sorted(map(str, value))) or "none"
    return str(value).replace("_", " ")
