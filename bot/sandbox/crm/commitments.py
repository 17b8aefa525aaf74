"""Pledges and standing gifts of a draft, with the payments that came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Unpack

from dateutil.relativedelta import relativedelta

from .draft import Draft
from .draft_fields import PledgeFields
from .model import (
    Acknowledgement,
    Frequency,
    Gift,
    Installment,
    Money,
    Pledge,
    RecurringGift,
    RecurringStatus,
)

MONTHS: dict[Frequency, int] = {"monthly": 1, "quarterly": 3, "yearly": 12}


def every(months: int, count: int, first: date) -> list[date]:
    """*count* days from *first* on, *months* apart."""
    return [first + relativedelta(months=months * turn) for turn in range(count)]


def add_pledge(
    draft: Draft,
    donor_id: str,
    part: Money,
    due: Sequence[date],
    pledged_on: date,
    *,
    paid: int,
    **fields: Unpack[PledgeFields],
) -> Pledge:
    """Add a pledge of one *part* on each *due* day, of which the first *paid* were paid when due."""
    pledge_id = f"pledge-{len(draft.pledges) + 1:06d}"
    payments = [_payment(draft, donor_id, part, day, pledge_id, fields) for day in due[:paid]]
    scheduled = tuple(
        Installment(
            due_on=day,
            amount=part,
            paid=part if turn < paid else Money(minor=0, currency=part.currency),
            gift_id=payments[turn].id if turn < paid else None,
        )
        for turn, day in enumerate(due)
    )
    pledge = Pledge(
        id=pledge_id,
        donor_id=donor_id,
        amount=Money(minor=part.minor * len(due), currency=part.currency),
        pledged_on=pledged_on,
        status=fields.get("status", "fulfilled" if paid == len(due) else "open"),
        installments=scheduled,
        campaign_id=fields.get("campaign_id"),
    )
    draft.pledges.append(pledge)
    return pledge


def _payment(
    draft: Draft, donor_id: str, part: Money, day: date, pledge_id: str, fields: PledgeFields
) -> Gift:
    return draft.gift(
        donor_id,
        part,
        day,
        type="pledge_payment",
        pledge_id=pledge_id,
        campaign_id=fields.get("campaign_id"),
        fund=fields.get("fund", "Unrestricted"),
    )


def add_recurring(
    draft: Draft,
    donor_id: str,
    amount: Money,
    frequency: Frequency,
    started_on: date,
    status: RecurringStatus = "active",
    *,
    failed: int = 0,
    until: date | None = None,
    fund: str = "Unrestricted",
) -> RecurringGift:
    """Add a standing gift and its payments up to *until*; the last *failed* of them did not come."""
    recurring_id = f"recurring-{len(draft.recurring_gifts) + 1:06d}"
    days, due = _schedule(started_on, MONTHS[frequency], until or draft.days_ago(1))
    for day in days[: len(days) - failed]:
        draft.gift(
            donor_id,
            amount,
            day,
            type="recurring_payment",
            recurring_gift_id=recurring_id,
            fund=fund,
            acknowledgement=Acknowledgement(status="not_needed"),
        )
    gift = RecurringGift(
        id=recurring_id,
        donor_id=donor_id,
        amount=amount,
        frequency=frequency,
        status=status,
        started_on=started_on,
        next_due_on=due if status == "active" else None,
        failed_payments=min(failed, len(days)),
    )
    draft.recurring_gifts.append(gift)
    return gift


def _schedule(first: date, months: int, last: date) -> tuple[list[date], date]:
    """The due days from *first* to *last*, and the one after them."""
    days: list[date] = []
    due = first
    while due <= last:
        days.append(due)
        due = first + relativedelta(months=months * len(days))
    return days, due
