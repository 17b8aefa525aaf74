"""Commitments: what is still owed on pledges, and how a standing gift is doing."""

from __future__ import annotations

from datetime import date

from policy.donor import DonorRecord, Installment, Pledge, RecurringGift
from policy.facts_model import FactSheet, by_currency
from policy.money import Money, total

_STANDING = ("active", "paused", "lapsed", "cancelled")


def commitment_facts(record: DonorRecord, as_of: date, home_currency: str, sheet: FactSheet) -> None:
    """State pledge balance, next and overdue instalments, and the recurring gift."""
    open_pledges = [pledge for pledge in record.pledges if pledge.status == "open"]
    sheet.state(
        "pledge.open_count",
        "open pledges",
        len(open_pledges),
        "pledge.balance",
        tuple(pledge.id for pledge in open_pledges),
    )
    if open_pledges:
        _balance(open_pledges, home_currency, sheet)
        _next_due(open_pledges, as_of, sheet)
        _overdue(open_pledges, as_of, home_currency, sheet)
    _paid_by_fund(record, sheet)
    if record.recurring_gifts:
        _recurring(record.recurring_gifts, as_of, sheet)


def owed(installment: Installment) -> Money:
    """Return what is unpaid of an instalment, never less than nothing."""
    minor = max(0, installment.amount.minor - installment.paid.minor)
    return Money(minor=minor, currency=installment.amount.currency)


def _balance(pledges: list[Pledge], home: str, sheet: FactSheet) -> None:
    sums = total(owed(installment) for pledge in pledges for installment in pledge.installments)
    for suffix, amount in by_currency(sums, home):
        records = tuple(pledge.id for pledge in pledges if pledge.amount.currency == amount.currency)
        sheet.state(f"pledge.balance{suffix}", "pledge balance", amount, "pledge.balance", records)


def _next_due(pledges: list[Pledge], as_of: date, sheet: FactSheet) -> None:
    upcoming = [
        (installment.due_on, pledge.id, owed(installment))
        for pledge in pledges
        for installment in pledge.installments
        if installment.due_on >= as_of and owed(installment).minor
    ]
    if upcoming:
        due_on, pledge_id, amount = min(upcoming, key=lambda entry: entry[:2])
        sheet.state("pledge.next_due_on", "next instalment due", due_on, "pledge.next_due", (pledge_id,))
        sheet.state("pledge.next_due_amount", "next instalment", amount, "pledge.next_due", (pledge_id,))


def _overdue(pledges: list[Pledge], as_of: date, home: str, sheet: FactSheet) -> None:
    late = [
        (installment.due_on, pledge.id, owed(installment))
        for pledge in pledges
        for installment in pledge.installments
        if installment.due_on < as_of and owed(installment).minor
    ]
    pledge_ids = tuple(dict.fromkeys(pledge_id for _, pledge_id, _ in sorted(late, key=lambda e: e[:2])))
    sheet.state("pledge.overdue", "pledge payment overdue", bool(late), "pledge.overdue", pledge_ids)
    if not late:
        return
    since = min(due_on for due_on, _, _ in late)
    sheet.state("pledge.overdue_since", "pledge overdue since", since, "pledge.overdue", pledge_ids)
    days = (as_of - since).days
    sheet.state("pledge.days_overdue", "days overdue", days, "pledge.overdue", pledge_ids)
    for suffix, amount in by_currency(total(amount for _, _, amount in late), home):
        of_currency = tuple(dict.fromkeys(key for _, key, owing in late if owing.currency == amount.currency))
        sheet.state(
            f"pledge.overdue_amount{suffix}", "overdue on pledges", amount, "pledge.overdue", of_currency
        )


def _paid_by_fund(record: DonorRecord, sheet: FactSheet) -> None:
    pledges = {pledge.id for pledge in record.pledges}
    payments = tuple(
        gift.id
        for gift in record.gifts
        if gift.type == "daf" and gift.pledge_id and gift.pledge_id in pledges
    )
    label = "donor-advised fund payment on a pledge"
    sheet.state("pledge.paid_by_daf", label, bool(payments), "pledge.daf", payments)


def _recurring(gifts: tuple[RecurringGift, ...], as_of: date, sheet: FactSheet) -> None:
    gift = min(gifts, key=lambda g: (_rank(g), -g.started_on.toordinal(), g.id))
    records = (gift.id,)
    sheet.state("recurring.status", "recurring gift", gift.status, "recurring", records)
    sheet.state("recurring.amount", "recurring amount", gift.amount, "recurring", records)
    sheet.state("recurring.frequency", "recurring frequency", gift.frequency, "recurring", records)
    sheet.state("recurring.started_on", "recurring gift started", gift.started_on, "recurring", records)
    if gift.status != "active":
        return
    sheet.state("recurring.next_due_on", "next recurring payment", gift.next_due_on, "recurring", records)
    failed = gift.failed_payments
    sheet.state("recurring.failed_payments", "failed payments", failed, "recurring.missed", records)
    late = gift.next_due_on is not None and gift.next_due_on < as_of
    sheet.state(
        "recurring.missed", "recurring payment missed", late or failed > 0, "recurring.missed", records
    )


def _rank(gift: RecurringGift) -> int:
    return _STANDING.index(gift.status) if gift.status in _STANDING else len(_STANDING)
