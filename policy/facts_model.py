"""What a donor fact is: a value with its date, its definition and the records it was computed from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, Strict, StrictBool, StrictInt, StrictStr

from policy.money import CurrencyCode, Money
from policy.value import Value

_IN_A_CURRENCY = re.compile(r"\.[a-z]{3}$")

FactValue = Money | StrictBool | StrictInt | Annotated[date, Strict()] | StrictStr


class Conventions(Value):
    """How the organisation counts: the definition family, its fiscal year, and its own thresholds.

    *major_gift_minor* is in minor units of *home_currency*; *other_major_gifts* are the thresholds in others.
    An instant belongs to the day that it was in *time_zone*: an evening call in New York is not on the next
    day.
    """

    family: Literal["fiscal_year", "rolling"] = "fiscal_year"
    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)] = 1
    home_currency: CurrencyCode = "USD"
    acknowledgement_sla_hours: Annotated[int, Field(gt=0)] = 48
    ask_window_days: Annotated[int, Field(gt=0)] = 90
    major_gift_minor: Annotated[int, Field(gt=0)] = 1_000_000
    other_major_gifts: tuple[Money, ...] = ()
    complaint_window_days: Annotated[int, Field(gt=0)] = 180
    time_zone: str = "UTC"

    def is_major(self, amount: Money) -> bool:
        """Say whether *amount* is known to be that of a major gift; without a threshold nobody knows."""
        home = Money(minor=self.major_gift_minor, currency=self.home_currency)
        return any(
            least.currency == amount.currency and amount.minor >= least.minor
            for least in (home, *self.other_major_gifts)
        )

    def day_of(self, at: datetime) -> date:
        """Return the organisation's calendar day of an instant."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()


class Fact(Value):
    """One computed statement about a donor; *definition* is a key of `facts_definitions.DEFINITIONS`."""

    id: str
    label: str
    value: FactValue
    as_of: date
    definition: str
    records: Annotated[tuple[str, ...], Field(min_length=1)]


class Discrepancy(Value):
    """A figure the CRM states differently from its own records; both are shown, none is chosen."""

    fact: str
    label: str
    crm: FactValue
    computed: FactValue

    @property
    def sentence(self) -> str:
        """Say both figures, for people."""
        stated, computed = spelled(self.crm), spelled(self.computed)
        return f"The CRM states {self.label} as {stated}; its records say {computed}."


class DonorFacts(Value):
    """All facts about one donor as of a date, and where the CRM contradicts its own records.

    *gaps* names the kinds of record that could not be read; facts that need them are absent.
    """

    donor_id: str
    as_of: date
    conventions: Conventions
    facts: tuple[Fact, ...]
    discrepancies: tuple[Discrepancy, ...] = ()
    gaps: tuple[str, ...] = ()

    @cached_property
    def _by_id(self) -> dict[str, Fact]:
        return {fact.id: fact for fact in self.facts}

    def get(self, fact_id: str) -> Fact | None:
        """Return the fact, or None when it is not known."""
        return self._by_id.get(fact_id)

    def value(self, fact_id: str) -> FactValue | None:
        """Return the value of a fact, or None when it is not known."""
        fact = self._by_id.get(fact_id)
        return fact.value if fact else None

    def flag(self, fact_id: str) -> bool:
        """Say whether a yes-or-no fact is known and true."""
        return self.value(fact_id) is True

    def money(self, fact_id: str) -> Money | None:
        """Return an amount, or None when it is not known or not an amount."""
        value = self.value(fact_id)
        return value if isinstance(value, Money) else None

    def currencies_of(self, total: str) -> tuple[str, ...]:
        """Return the facts that state *total*, one for each currency in which there is anything of it."""
        stated = (fact for fact in self.facts if _IN_A_CURRENCY.sub("", fact.id) == total)
        return tuple(fact.id for fact in stated if isinstance(fact.value, Money) and fact.value.minor)

    def count(self, fact_id: str) -> int | None:
        """Return a number, or None when it is not known or not a number."""
        value = self.value(fact_id)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def day(self, fact_id: str) -> date | None:
        """Return a date, or None when it is not known or not a date."""
        value = self.value(fact_id)
        return value if isinstance(value, date) else None

    def text(self, fact_id: str) -> str | None:
        """Return a word or name, or None when it is not known or not text."""
        value = self.value(fact_id)
        return value if isinstance(value, str) else None

    def sources(self, cites: tuple[str, ...]) -> tuple[str, ...]:
        """Return the record ids behind citations; a cited fact stands for all records behind it."""
        ids: dict[str, None] = {}
        for cite in cites:
            fact = self._by_id.get(cite)
            ids.update(dict.fromkeys(fact.records if fact else (cite,)))
        return tuple(ids)


class FactSheet:
    """Collects the facts about one donor while they are computed."""

    def __init__(self, donor_id: str, as_of: date) -> None:
        self._donor_id = donor_id
        self._as_of = as_of
        self._facts: list[Fact] = []

    def state(
        self,
        fact_id: str,
        label: str,
        value: FactValue | None,
        definition: str,
        records: tuple[str, ...] = (),
    ) -> None:
        """Add a fact; None is not a fact. Without records of its own it rests on the donor's record."""
        if value is None:
            return
        self._facts.append(
            Fact(
                id=fact_id,
                label=label,
                value=value,
                as_of=self._as_of,
                definition=definition,
                records=records or (self._donor_id,),
            )
        )

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What was stated so far, in order."""
        return tuple(self._facts)


def spelled(value: FactValue) -> str:
    """Spell a value as people read it: "$1,250", "May 3, 2026", "14", "yes", "mid level"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return spelled_date(value)
    if isinstance(value, int):
        return f"{value:,}"
    return value.replace("_", " ") if isinstance(value, str) else str(value)


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def spelled_date(day: date) -> str:
    """Spell a date without a locale, as everywhere on a card: "3 May 2026"."""
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"


def by_currency(sums: Mapping[str, Money], main: str) -> list[tuple[str, Money]]:
    """Pair each sum with its fact suffix: none for the *main* currency, or for the first without it."""
    codes = sorted(sums, key=lambda code: (code != main, code))
    return [("" if position == 0 else f".{code.lower()}", sums[code]) for position, code in enumerate(codes)]
