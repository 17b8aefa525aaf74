"""The definitions behind the facts, in words an auditor and a fundraiser both accept."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DEFINITIONS: Mapping[str, str] = MappingProxyType(
    {
        "lifetime.hard_cash": "Completed gifts with hard credit in one currency, including stock, "
        "matching, donor- advised fund, pledge and recurring payments; without "
        "in-kind, planned, pending and refunded gifts and without soft credit.",
        "gift.first": "The earliest gift that counts towards lifetime giving, in any currency.",
        "gift.last": "The latest gift that counts towards lifetime giving, in any currency.",
        "gift.largest": "The largest single gift that counts towards lifetime giving; not stated "
        "where gifts came in several currencies.",
        "gift.average": "Lifetime giving divided by the number of gifts, rounded half up; not stated "
        "where gifts came in several currencies.",
        "gift.count": "The number of gifts that count towards lifetime giving, in all currencies.",
        "gift.interval": "The median number of days between the dates of two gifts that follow each other.",
        "gift.days_since": "Days since the latest gift that counts towards lifetime giving.",
        "giving.fiscal_year": "Giving as in lifetime giving, received within one fiscal year of the "
        "organisation, in one currency.",
        "years.given": "The number of fiscal years with at least one gift.",
        "years.consecutive": "Fiscal years with a gift, without a break, up to this or the last fiscal year.",
        "credit.soft": "Recognition for gifts of which somebody else is the legal donor; never "
        "added to giving.",
        "household.lifetime": "The donor's lifetime giving plus what the CRM states for the other "
        "members of the household, in one currency.",
        "gift.not_counted": "Gifts kept out of giving totals: in-kind, planned, pending or refunded.",
        "loyalty.lybunt": "Gave last fiscal year but unfortunately not this one.",
        "loyalty.sybunt": "Gave in some fiscal year before the last, but unfortunately not since.",
        "status.fiscal_year": "By fiscal year: new (first gift ever this year), retained (gave last "
        "year and this year), recaptured (gave this year after a break), LYBUNT, "
        "lapsed (no gift this year or last).",
        "status.rolling": "By months: new (first gift within 12 months, or after more than 5 "
        "years), retained (gave within 12 months, at most 15 months after the "
        "gift before), recaptured (gave within 12 months, more than 15 months "
        "after the gift before), at risk (last gift 12 to 15 months ago), lapsed "
        "(longer ago).",
        "change.fiscal_year": "The last complete fiscal year against the one before it.",
        "change.rolling": "The last 12 months against the 12 months before them.",
        "fiscal_year": "The organisation's fiscal year, named by the calendar year it ends in.",
        "pledge.balance": "Scheduled less paid over the instalments of open pledges; written off is "
        "not owed.",
        "pledge.next_due": "The earliest unpaid instalment of an open pledge due today or later.",
        "pledge.overdue": "Unpaid instalments of open pledges whose due date has passed.",
        "pledge.daf": "A donor-advised fund payment is recorded against a personal pledge; it "
        "may not fulfil it.",
        "recurring": "The standing gift that is active, else the most recent one.",
        "recurring.missed": "An active standing gift whose next payment is past due, or with failed "
        "payments.",
        "contact.last": "The latest completed meeting, call, visit, event, letter, e-mail or reply.",
        "contact.next": "The earliest planned contact from today on.",
        "ask.last": "The latest completed contact marked as a solicitation.",
        "ask.recent": "Completed solicitations within the organisation's ask window up to today.",
        "ask.open": "A solicitation that is planned, or was made within the ask window "
        "without a gift or reply since.",
        "acknowledgement.due": "Completed gifts the CRM marks as still to be acknowledged.",
        "acknowledgement.overdue": "Gifts to be acknowledged for longer than the organisation allows itself.",
        "consent": "The latest statement per channel and purpose; the most restrictive wins, "
        "an expired opt- in is unknown, and unknown never counts as yes.",
        "donor.flag": "As the CRM record of the donor states it.",
        "complaint.recent": "A note filed as a complaint within the organisation's complaint window.",
        "task": "Open tasks about the donor.",
    }
)
