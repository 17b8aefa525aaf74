"""The donor facts against an oracle that counts in another way, from the definitions and nothing of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.donor import DonorRecord, Gift, Rollups
from policy.facts import Conventions, DonorFacts, compute_facts, is_unread
from policy.facts_definitions import DEFINITIONS
from policy.money import Money
from tests.examples import examples
from tests.grounding.test_donor_facts import facts_of, usd
from tests.grounding.test_donor_facts import gift as plain_gift
from tests.grounding.test_donor_facts import record as plain_record

TODAY = date(2026, 11, 5)
NOT_MONEY_RECEIVED = ("in_kind", "planned")


class Oracle:
    """What the definitions say of one record, by plain loops over all of it."""

    def __init__(self, record: DonorRecord, conventions: Conventions, today: date = TODAY) -> None:
        self.record, self.conventions, self.today = record, conventions, today
        self.gifts = [
            gift
            for gift in record.gifts
            if gift.donor_id == record.donor.id
            and gift.status == "completed"
            and gift.type not in NOT_MONEY_RECEIVED
            and gift.received_on <= self.today
        ]
        counts = Counter(gift.amount.currency for gift in self.gifts)
        most = max(counts.values(), default=0)
        tied = [code for code, count in counts.items() if count == most]
        home = conventions.home_currency
        self.currency = home if home in tied or not tied else max(tied)
        self.main = [gift for gift in self.gifts if gift.amount.currency == self.currency]

    def year(self, day: date) -> int:
        """A fiscal year is named by the calendar year in which it ends."""
        start = self.conventions.fiscal_year_start_month
        return (day + relativedelta(months=(13 - start) % 12)).year

    def values(self) -> Iterator[tuple[str, Any]]:
        if not is_unread(self.record, "gifts"):
            yield from self._giving()
        if not (is_unread(self.record, "pledges") or is_unread(self.record, "recurring_gifts")):
            yield from self._pledges()
        if not is_unread(self.record, "interactions"):
            yield from self._contact()

    def _giving(self) -> Iterator[tuple[str, Any]]:
        yield "giving.count", len(self.gifts)
        for code in {self.currency, *(gift.amount.currency for gift in self.gifts)}:
            minor = sum(gift.amount.minor for gift in self.gifts if gift.amount.currency == code)
            suffix = "" if code == self.currency else f".{code.lower()}"
            yield f"giving.lifetime{suffix}", (minor, code)
        yield from self._credit()
        if not self.gifts:
            return
        days = [gift.received_on for gift in self.gifts]
        yield "giving.first_on", min(days)
        yield "giving.last_on", max(days)
        yield "giving.days_since_last", (self.today - max(days)).days
        if len(self.main) == len(self.gifts):
            yield "giving.largest_amount", (max(gift.amount.minor for gift in self.main), self.currency)
            mean = Decimal(sum(gift.amount.minor for gift in self.main)) / len(self.main)
            yield "giving.average", (int(mean.quantize(Decimal(1), ROUND_HALF_UP)), self.currency)
        yield from self._years(days)

    def _years(self, days: list[date]) -> Iterator[tuple[str, Any]]:
        now, years = self.year(self.today), {self.year(day) for day in days}
        for name, year in (("this_year", now), ("last_year", now - 1)):
            of_year = [gift for gift in self.gifts if self.year(gift.received_on) == year]
            for code in {self.currency, *(gift.amount.currency for gift in of_year)}:
                minor = sum(gift.amount.minor for gift in of_year if gift.amount.currency == code)
                suffix = "" if code == self.currency else f".{code.lower()}"
                yield f"giving.{name}{suffix}", (minor, code)
        yield "giving.years_given", len(years)
        yield "giving.lybunt", now not in years and now - 1 in years
        yield "giving.sybunt", not {now, now - 1} & years
        streak, year = 0, now if now in years else now - 1
        while year - streak in years:
            streak += 1
        yield "giving.consecutive_years", streak
        yield "giving.status", self._by_year(years, now) if self._is_fiscal else self._rolling(sorted(days))

    @property
    def _is_fiscal(self) -> bool:
        return self.conventions.family == "fiscal_year"

    def _by_year(self, years: set[int], now: int) -> str:
        if now in years:
            return "new" if len(years) == 1 else "retained" if now - 1 in years else "recaptured"
        return "lybunt" if now - 1 in years else "lapsed"

    def _rolling(self, days: list[date]) -> str:
        if max(days) < self.today - relativedelta(months=15):
            return "lapsed"
        year_ago = self.today - relativedelta(months=12)
        recent, before = [d for d in days if d >= year_ago], [d for d in days if d < year_ago]
        if not recent:
            return "at_risk"
        if not before or before[-1] < recent[0] - relativedelta(years=5):
            return "new"
        return "recaptured" if before[-1] < recent[0] - relativedelta(months=15) else "retained"

    def _credit(self) -> Iterator[tuple[str, Any]]:
        minor = sum(
            credit.amount.minor
            for gift in self.record.soft_credited_gifts
            if gift.status == "completed"
            and gift.type not in NOT_MONEY_RECEIVED
            and gift.received_on <= self.today
            for credit in gift.soft_credits
            if credit.donor_id == self.record.donor.id and credit.amount.currency == self.currency
        )
        if minor:
            yield "giving.soft_credit", (minor, self.currency)
        others = [each for each in self.record.household_members if each.id != self.record.donor.id]
        stated = [each.rollups.lifetime_giving for each in others if each.rollups]
        same = {amount.currency for amount in stated} == {self.currency}
        if self.record.household and others and len(stated) == len(others) and same:
            own = sum(gift.amount.minor for gift in self.main)
            yield "household.lifetime", (own + sum(amount.minor for amount in stated), self.currency)

    def _pledges(self) -> Iterator[tuple[str, Any]]:
        open_ones = [pledge for pledge in self.record.pledges if pledge.status == "open"]
        yield "pledge.open_count", len(open_ones)
        if not open_ones:
            return
        owing = [
            (part.due_on, max(0, part.amount.minor - part.paid.minor))
            for pledge in open_ones
            for part in pledge.installments
        ]
        codes = {part.amount.currency for pledge in open_ones for part in pledge.installments}
        late = [day for day, minor in owing if day < self.today and minor]
        yield "pledge.overdue", bool(late)
        if late:
            yield "pledge.overdue_since", min(late)
        ahead = [day for day, minor in owing if day >= self.today and minor]
        if ahead:
            yield "pledge.next_due_on", min(ahead)
        if len(codes) == 1:
            yield "pledge.balance", (sum(minor for _, minor in owing), codes.pop())

    def _contact(self) -> Iterator[tuple[str, Any]]:
        zone = ZoneInfo(self.conventions.time_zone)
        local = [(each.at.astimezone(zone).date(), each) for each in self.record.interactions]
        spoken = [day for day, each in local if each.kind != "email_open" and each.status == "completed"]
        if any(day <= self.today for day in spoken):
            yield "contact.last_on", max(day for day in spoken if day <= self.today)
        asks = [d for d, each in local if each.is_ask and each.status == "completed" and d <= self.today]
        yield "ask.recent_count", sum((self.today - day).days < 90 for day in asks)


def stated(facts: DonorFacts) -> dict[str, Any]:
    return {
        fact.id: (fact.value.minor, fact.value.currency) if isinstance(fact.value, Money) else fact.value
        for fact in facts.facts
    }


@given(
    seed=st.integers(0, 10**6),
    month=st.integers(1, 12),
    family=st.sampled_from(["fiscal_year", "rolling"]),
    zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland"]),
)
@settings(max_examples=examples(37))
def test_every_figure_agrees_with_the_oracle(
    seed: int, month: int, family: Any, zone: str, record_of: Callable[[int], DonorRecord]
) -> None:
    conventions = Conventions(family=family, fiscal_year_start_month=month, time_zone=zone)
    record = record_of(seed)
    found = stated(compute_facts(record, TODAY, conventions))
    for name, value in Oracle(record, conventions).values():
        assert (name, found.get(name)) == (name, value)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=examples(25))
def test_every_fact_names_its_day_its_definition_and_records_that_exist(
    seed: int, record_of: Callable[[int], DonorRecord]
) -> None:
    record = record_of(seed)
    facts = compute_facts(record, TODAY, Conventions())
    known = {each.id for name in type(record).model_fields for each in _rows(getattr(record, name))}
    for fact in facts.facts:
        assert (fact.as_of, fact.definition in DEFINITIONS) == (TODAY, True)
        assert set(fact.records) <= known
        assert len(set(fact.records)) == len(fact.records)


def _rows(value: Any) -> tuple[Any, ...]:
    rows = value if isinstance(value, tuple) else (value,)
    return tuple(each for each in rows if hasattr(each, "id"))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=examples(25))
def test_a_total_is_the_sum_of_exactly_the_records_it_names(
    seed: int, record_of: Callable[[int], DonorRecord]
) -> None:
    record = record_of(seed)
    facts = compute_facts(record, TODAY, Conventions(fiscal_year_start_month=7))
    gifts: dict[str, Gift] = {gift.id: gift for gift in record.gifts}
    for fact in facts.facts:
        if fact.id.startswith(("giving.lifetime", "giving.year.")) and isinstance(fact.value, Money):
            minor = sum(gifts[each].amount.minor for each in fact.records if each in gifts)
            assert Fraction(minor) == fact.value.minor


def test_the_crms_own_totals_are_compared_one_by_one() -> None:

    rollups = Rollups(
        lifetime_giving=usd(300),
        gift_count=3,
        first_gift_on=date(2025, 8, 1),
        last_gift_on=date(2026, 9, 1),
        largest_gift=usd(200),
    )
    donor = plain_record().donor.model_copy(update={"rollups": rollups})
    found = facts_of(plain_gift(1, 100, "2025-08-01"), plain_gift(2, 200, "2026-08-01"), donor=donor)
    assert [each.sentence for each in found.discrepancies] == [
        "The CRM states the number of gifts as 3; its records say 2.",
        "The CRM states the last gift as 1 Sep 2026; its records say 1 Aug 2026.",
    ]
    assert found.money("giving.lifetime") == usd(300)
