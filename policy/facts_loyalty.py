"""Loyalty: retention, lapse, recapture and the change from one year to the next."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date

from policy.donor import DonorRecord, Gift
from policy.facts_giving import ids, main_currency, received_gifts
from policy.facts_model import Conventions, FactSheet
from policy.fiscal_year import fiscal_year_of

_MONTHS_A_YEAR = 12
_LATE, _LAPSED, _FORGOTTEN = 12, 15, 60


def loyalty_facts(record: DonorRecord, as_of: date, conventions: Conventions, sheet: FactSheet) -> None:
    """State years given, LYBUNT, SYBUNT, the retention status, and upgraded or downgraded."""
    gifts = received_gifts(record, as_of)
    if not gifts:
        return
    month = conventions.fiscal_year_start_month
    this_year = fiscal_year_of(as_of, month)
    years = {fiscal_year_of(gift.received_on, month) for gift in gifts}
    sheet.state("giving.years_given", "years with a gift", len(years), "years.given", ids(gifts))
    streak = consecutive_years(years, this_year)
    sheet.state("giving.consecutive_years", "consecutive years", streak, "years.consecutive", ids(gifts))
    lybunt = this_year not in years and this_year - 1 in years
    sybunt = this_year not in years and this_year - 1 not in years
    sheet.state("giving.lybunt", "LYBUNT", lybunt, "loyalty.lybunt", ids(gifts))
    sheet.state("giving.sybunt", "SYBUNT", sybunt, "loyalty.sybunt", ids(gifts))
    if conventions.family == "fiscal_year":
        status = fiscal_year_status(years, this_year)
    else:
        status = rolling_status([gift.received_on for gift in gifts], as_of)
    sheet.state("giving.status", "giving status", status, f"status.{conventions.family}", ids(gifts))
    _change(gifts, as_of, conventions, sheet)


def consecutive_years(years: set[int], this_year: int) -> int:
    """Count years with a gift without a break, up to this year or, before its first gift, the last."""
    year = this_year if this_year in years else this_year - 1
    streak = 0
    while year - streak in years:
        streak += 1
    return streak


def fiscal_year_status(years: set[int], this_year: int) -> str:
    """Return new, retained, recaptured, lybunt or lapsed for a donor with at least one gift."""
    if this_year not in years:
        return "lybunt" if this_year - 1 in years else "lapsed"
    if min(years) == this_year:
        return "new"
    return "retained" if this_year - 1 in years else "recaptured"


def months_before(day: date, months: int) -> date:
    """Return the same day so many calendar months earlier, or the last of that month where there is none."""
    year, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 - months, _MONTHS_A_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def rolling_status(days: Sequence[date], as_of: date) -> str:
    """Return new, retained, recaptured, at_risk or lapsed from gift dates, oldest first and not empty."""
    if days[-1] < months_before(as_of, _LAPSED):
        return "lapsed"
    if days[-1] < months_before(as_of, _LATE):
        return "at_risk"
    recent = [day for day in days if day >= months_before(as_of, _LATE)]
    before = [day for day in days if day < months_before(as_of, _LATE)]
    if not before or before[-1] < months_before(recent[0], _FORGOTTEN):
        return "new"
    return "recaptured" if before[-1] < months_before(recent[0], _LAPSED) else "retained"


def _change(gifts: Sequence[Gift], as_of: date, conventions: Conventions, sheet: FactSheet) -> None:
    currency = main_currency(gifts, conventions.home_currency)
    main = [gift for gift in gifts if gift.amount.currency == currency]
    if conventions.family == "fiscal_year":
        last = fiscal_year_of(as_of, conventions.fiscal_year_start_month) - 1
        periods = {gift.id: last - _year(gift, conventions) for gift in main}
    else:
        year_ago, two_ago = months_before(as_of, _LATE), months_before(as_of, 2 * _LATE)
        periods = {g.id: (g.received_on < year_ago) + (g.received_on < two_ago) for g in main}
    later = [gift for gift in main if periods[gift.id] == 0]
    earlier = [gift for gift in main if periods[gift.id] == 1]
    if not later or not earlier:
        return
    difference = sum(g.amount.minor for g in later) - sum(g.amount.minor for g in earlier)
    change = "upgraded" if difference > 0 else "downgraded" if difference < 0 else "same"
    definition = f"change.{conventions.family}"
    sheet.state("giving.change", "change on the year before", change, definition, ids((*earlier, *later)))


def _year(gift: Gift, conventions: Conventions) -> int:
    return fiscal_year_of(gift.received_on, conventions.fiscal_year_start_month)
