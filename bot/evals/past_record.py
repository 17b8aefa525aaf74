"""The record as a model saw it, from what was sent: pseudonyms are ids, and people have made-up names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.assistant.answer import ClaimAnswer
from policy.claims import Claim, Slot, SlotKind
from policy.donor import (
    Campaign,
    Donor,
    DonorRecord,
    Gift,
    Interaction,
    LifecycleStage,
    Note,
    Pledge,
    RecurringGift,
    StaffMember,
    Task,
)
from policy.facts_model import Conventions, DonorFacts, Fact
from policy.money import Money
from policy.verifier_literals import read_date, read_money

_PSEUDONYM = re.compile(r"\b([A-Z]+)_(\d+)\b")
_NAMED = {"DONOR": "Person", "STAFF": "Colleague", "CAMPAIGN": "Appeal"}
_WORDS = ("Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta", "Theta", "Iota", "Kappa", "Lambda")
DONOR = "DONOR_1"

Row = Mapping[str, Any]


class PastRecord:
    """What was *asked* about a donor, with the *facts* of that day, as the verifier reads a record."""

    def __init__(self, asked: Mapping[str, Any], told: str, facts: DonorFacts) -> None:
        found = {found[0]: (found[1], int(found[2])) for found in _PSEUDONYM.finditer(told)}
        self.names = {
            pseudonym: f"{_WORDS[(number - 1) % len(_WORDS)]} {_NAMED[kind]}"
            for pseudonym, (kind, number) in {DONOR: ("DONOR", 1), **found}.items()
            if kind in _NAMED
        }
        self.facts = _facts_of(asked, facts, self.names)
        self.record = _record_of(asked, facts, self.names)

    def claim(self, answer: ClaimAnswer) -> Claim:
        """Return a sentence with names for pseudonyms, each of them bound."""
        named = sorted({match[0] for match in _PSEUDONYM.finditer(answer.text)} & set(self.names))
        slots = [Slot.model_validate(slot.model_dump(), strict=False) for slot in answer.slots]
        slots = [slot for slot in slots if not (slot.kind is SlotKind.NAME and slot.text in self.names)]
        slots += [Slot(kind=SlotKind.NAME, text=self.names[p], record=p, field="name") for p in named]
        text = _PSEUDONYM.sub(lambda match: self.names.get(match[0], match[0]), answer.text)
        return Claim(text=text, cites=tuple(dict.fromkeys((*answer.cites, *named))), slots=tuple(slots))


def _facts_of(asked: Mapping[str, Any], facts: DonorFacts, names: Mapping[str, str]) -> DonorFacts:
    """Return the facts that were sent, resting on the same records, under pseudonyms as far as known."""
    sent = {row["id"]: row for row in asked["facts"]}
    known: dict[str, str] = {}
    for fact in facts.facts:
        named = sent.get(fact.id, {}).get("records", ())
        if len(named) == len(fact.records):
            known |= zip(fact.records, named, strict=True)
    kept = []
    for fact in facts.facts:
        row = sent.get(fact.id)
        if row is None:
            continue
        changed: dict[str, object] = {"records": tuple(known.get(each, each) for each in fact.records)}
        if fact.id == "donor.owner":
            changed["value"] = names.get(str(row["value"]), str(row["value"]))
        kept.append(fact.model_copy(update=changed))
    held: tuple[Fact, ...] = tuple(kept)
    return DonorFacts(
        donor_id=DONOR, as_of=facts.as_of, conventions=facts.conventions, facts=held, gaps=facts.gaps
    )


def _record_of(asked: Mapping[str, Any], facts: DonorFacts, names: Mapping[str, str]) -> DonorRecord:
    rows = list(_readable(asked["records"]))
    noon = _noon(facts.as_of, facts.conventions)
    people = {pseudonym: name for pseudonym, name in names.items() if pseudonym.startswith("DONOR")}

    def of(kind: str, read: Callable[[Row], Any]) -> tuple[Any, ...]:
        return tuple(read(row) for row in rows if row["ref"].startswith(f"{kind}_"))

    return DonorRecord(
        donor=_person(DONOR, people[DONOR]),
        read_at=noon,
        household_members=tuple(_person(p, name) for p, name in people.items() if p != DONOR),
        staff=tuple(
            StaffMember(id=p, name=name, email=f"{p}@staff.example")
            for p, name in names.items()
            if p.startswith("STAFF")
        ),
        gifts=of("GIFT", lambda row: Gift(id=row["ref"], donor_id=DONOR, **_rest(row))),
        pledges=of("PLEDGE", lambda row: Pledge(id=row["ref"], donor_id=DONOR, **_rest(row))),
        recurring_gifts=of(
            "RECURRING", lambda row: RecurringGift(id=row["ref"], donor_id=DONOR, **_rest(row))
        ),
        interactions=of(
            "INTERACTION",
            lambda row: Interaction(
                id=row["ref"], donor_id=DONOR, **_rest(row) | {"at": _noon(row["at"], facts.conventions)}
            ),
        ),
        tasks=of("TASK", lambda row: Task(id=row["ref"], donor_id=DONOR, title="", **_rest(row))),
        campaigns=of("CAMPAIGN", lambda row: Campaign(id=row["ref"], name=names[row["ref"]], **_rest(row))),
        notes=tuple(
            Note(id=each["ref"], donor_id=DONOR, written_at=noon, text="")
            for each in asked.get("untrusted", ())
            if each["ref"].startswith("NOTE_")
        ),
        gaps=facts.gaps,
    )


def _person(pseudonym: str, name: str) -> Donor:
    first, _, last = name.partition(" ")
    stage = LifecycleStage.STEWARDSHIP
    return Donor(id=pseudonym, version="", name=name, first_name=first, last_name=last, lifecycle_stage=stage)


def _rest(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "ref"}


def _readable(rows: list[dict[str, Any]]) -> Iterator[Row]:
    """Yield each row with amounts, days and words as a record holds them."""
    for row in rows:
        yield {name: value if name == "ref" else _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if name == "amount":
        found = read_money(value)
        if found is None:
            raise ValueError(name)
        return Money.of_major(*found)
    if name == "at" or name.endswith("_on"):
        day = read_date(value)
        if day is None or day.month is None or day.day is None:
            raise ValueError(name)
        return date(day.year, day.month, day.day)
    return value.replace(" ", "_") if isinstance(value, str) else value


def _noon(day: date, conventions: Conventions) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(conventions.time_zone))
