"""What a slot is bound to: the value it must equal, recomputed from records and facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from policy.claims import Aggregate, Slot
from policy.donor import DonorRecord, Gift, Task
from policy.facts_model import Conventions, DonorFacts, FactValue
from policy.injection import suspects_injection
from policy.money import Money
from policy.value import Value


class UnboundError(ValueError):
    """A slot is bound to nothing that exists; the message is a plain reason."""


@dataclass(frozen=True, slots=True)
class Binding:
    """The value a slot must state, under which *name* it is worded, and the records it rests on."""

    name: str
    value: FactValue
    records: frozenset[str]


# Never notes and messages: whoever can write into one could put any words before people, as a quotation.
_QUOTABLE = {
    "gift": frozenset({"fund", "tribute"}),
    "campaign": frozenset({"name"}),
}
SPECIAL_CATEGORIES = frozenset({"health", "family", "wealth"})


class Evidence:
    """The records and facts about one donor, by id."""

    def __init__(self, record: DonorRecord, facts: DonorFacts) -> None:
        self.record = record
        self.facts = facts
        self._bindings: dict[str, Binding] = {}

    @cached_property
    def records(self) -> dict[str, Value]:
        """Every record that may be cited, by id; the donor's own wins over others."""
        record = self.record
        groups: tuple[Iterable[Any], ...] = (
            record.household_members,
            record.campaigns,
            record.consents,
            record.tasks,
            record.notes,
            record.interactions,
            record.recurring_gifts,
            record.pledges,
            record.soft_credited_gifts,
            record.gifts,
            record.staff,
            filter(None, (record.owner, record.household, record.donor)),
        )
        return {item.id: item for group in groups for item in group}

    @cached_property
    def soft_credited(self) -> frozenset[str]:
        """Gifts of which somebody else is the legal donor."""
        return frozenset(gift.id for gift in self.record.soft_credited_gifts) - {
            gift.id for gift in self.record.gifts
        }

    @cached_property
    def _full_sets(self) -> dict[frozenset[str], str]:
        """The sets over which an aggregate means something: those of the facts, by their fact id."""
        return {frozenset(fact.records): fact.id for fact in reversed(self.facts.facts)}

    def exists(self, cite: str) -> bool:
        """Say whether a citation names a record or a fact."""
        return cite in self.records or self.facts.get(cite) is not None

    def bind(self, slot: Slot) -> Binding:
        """Return what *slot* must state; UnboundError when it is bound to nothing."""
        if slot.fact is not None:
            return self._fact(slot.fact)
        if slot.aggregate is not None:
            return self._aggregate(slot.aggregate, slot)
        if slot.record is None or slot.field is None:
            raise UnboundError("A figure is bound to no record.")
        value = _field(self._record(slot.record), slot.field, self.facts.conventions)
        return Binding(slot.field, value, frozenset({slot.record}))

    def quotable(self, slot: Slot) -> bool:
        """Say whether a quote may come from where *slot* is bound: names that our own staff gave."""
        found = self.records.get(slot.record or "")
        if found is None or slot.field not in _QUOTABLE.get(type(found).__name__.lower(), ()):
            return False
        return not suspects_injection(str(getattr(found, slot.field or "")))

    def cited(self, cites: tuple[str, ...]) -> frozenset[str]:
        """Return the record ids behind citations; a cited fact stands for all records behind it."""
        single = frozenset(cite for cite in cites if self.facts.get(cite) is None)
        return single.union(*(self._fact(cite).records for cite in cites if cite not in single))

    def _fact(self, fact_id: str) -> Binding:
        known = self._bindings.get(fact_id)
        if known is None:
            fact = self.facts.get(fact_id)
            if fact is None:
                raise UnboundError("A figure is bound to a fact that is not known.")
            known = self._bindings[fact_id] = Binding(fact.id, fact.value, frozenset(fact.records))
        return known

    def _record(self, record_id: str) -> Value:
        found = self.records.get(record_id)
        if found is None:
            raise UnboundError("A figure is bound to a record that is not there.")
        return found

    def _aggregate(self, aggregate: Aggregate, slot: Slot) -> Binding:
        over = frozenset(slot.over)
        meant = self._full_sets.get(over)
        if not over or len(over) != len(slot.over) or meant is None:
            raise UnboundError("A total leaves out or adds records.")
        rows = [self._record(record_id) for record_id in slot.over]
        if aggregate is Aggregate.COUNT:
            return Binding(_counted(rows), len(over), over)
        if slot.field is None:
            raise UnboundError("A figure is bound to no field.")
        return Binding(*_aggregated(aggregate, rows, slot.field, self.facts.conventions), over)


_AS_FACT = {
    (Aggregate.SUM, "amount"): "giving.lifetime",
    (Aggregate.MAX, "amount"): "giving.largest_amount",
    (Aggregate.FIRST, "amount"): "giving.first_amount",
    (Aggregate.LAST, "amount"): "giving.last_amount",
    (Aggregate.FIRST, "received_on"): "giving.first_on",
    (Aggregate.MIN, "received_on"): "giving.first_on",
    (Aggregate.LAST, "received_on"): "giving.last_on",
    (Aggregate.MAX, "received_on"): "giving.last_on",
}


def _counted(rows: list[Value]) -> str:
    names = {Gift: "giving.count", Task: "task.open_count"}
    return names.get(type(rows[0]), "count")


def _aggregated(
    aggregate: Aggregate, rows: list[Value], field: str, conventions: Conventions
) -> tuple[str, FactValue]:
    values = [_field(row, field, conventions) for row in rows]
    name = _AS_FACT.get((aggregate, field), field)
    if aggregate in (Aggregate.FIRST, Aggregate.LAST):
        dated = sorted(
            zip(rows, values, strict=True),
            key=lambda pair: (_dated(pair[0], conventions), str(getattr(pair[0], "id", ""))),
        )
        return name, dated[0 if aggregate is Aggregate.FIRST else -1][1]
    if all(isinstance(value, Money) for value in values):
        return name, _over_money(aggregate, [value for value in values if isinstance(value, Money)])
    if aggregate is not Aggregate.SUM and all(type(value) is date for value in values):
        days = [value for value in values if isinstance(value, date)]
        return name, max(days) if aggregate is Aggregate.MAX else min(days)
    raise UnboundError("A total is taken over something that cannot be added.")


def _over_money(aggregate: Aggregate, amounts: list[Money]) -> Money:
    if len({amount.currency for amount in amounts}) != 1:
        raise UnboundError("Amounts of different currencies are added.")
    minors = [amount.minor for amount in amounts]
    if aggregate is Aggregate.SUM:
        minor = sum(minors)
    else:
        minor = max(minors) if aggregate is Aggregate.MAX else min(minors)
    return Money(minor=minor, currency=amounts[0].currency)


def _dated(row: Value, conventions: Conventions) -> date:
    for field in ("received_on", "due_on", "pledged_on", "started_on", "captured_on"):
        day = getattr(row, field, None)
        if isinstance(day, date):
            return day
    at = getattr(row, "at", None) or getattr(row, "written_at", None)
    if isinstance(at, datetime):
        return conventions.day_of(at)
    raise UnboundError("First or last is said of records without a date.")


def _field(row: Value, path: str, conventions: Conventions) -> FactValue:
    """Read a declared field; "acknowledgement.on" and "installments.0.due_on" reach one level down."""
    value: Any = row
    for depth, step in enumerate(path.split(".")):
        if isinstance(value, tuple) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, Value) and step in type(value).model_fields and not (depth and value is row):
            value = getattr(value, step)
        else:
            raise UnboundError("A figure is bound to a field that is not there.")
    if isinstance(value, datetime):
        return conventions.day_of(value)
    if isinstance(value, StrEnum):
        return str(value.value)
    if isinstance(value, Money | bool | int | date | str):
        return value
    raise UnboundError("A figure is bound to an empty field.")
