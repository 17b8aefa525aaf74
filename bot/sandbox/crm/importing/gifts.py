"""Gift rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from bot.sandbox.crm.importing.campaigns import CampaignRegister
from bot.sandbox.crm.importing.cells import Cells, RowProblemError
from bot.sandbox.crm.importing.columns import plain
from bot.sandbox.crm.importing.vocabulary import (
    ACKNOWLEDGEMENTS,
    GIFT_STATUSES,
    GIFT_TYPES,
    NEVER_RECEIVED,
    PROMISES,
)
from bot.sandbox.crm.model import Acknowledgement, AcknowledgementStatus, Donor, Gift, Money, SoftCredit

_RECENT: Final = timedelta(days=60)


@dataclass(slots=True)
class GiftImport:
    """The gifts read so far, by id, with the line each came from."""

    donors: Mapping[str, Donor]
    campaigns: CampaignRegister
    gifts: dict[str, Gift] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def add(self, cells: Cells) -> None:
        """Import one row; RowProblemError when it cannot be."""
        gift_id = cells.id("id") or f"gift-line-{cells.row.line:06d}"
        if gift_id in self.gifts:
            raise cells.problem("id", f"The id stands on line {self.lines[gift_id]} already.")
        self.gifts[gift_id] = self._gift(gift_id, cells)
        self.lines[gift_id] = cells.row.line

    def _gift(self, gift_id: str, cells: Cells) -> Gift:
        donor_id = known_donor(cells, self.donors)
        _refuse_promises(cells)
        amount = _received(cells)
        day = cells.day("received_on")
        if day > cells.today + timedelta(days=1):
            raise cells.problem("received_on", "The date lies in the future.")
        return Gift(
            id=gift_id,
            donor_id=donor_id,
            amount=amount,
            received_on=day,
            type=cells.choice("type", GIFT_TYPES, "cash"),
            campaign_id=self.campaigns.id_of(cells.text("campaign")),
            fund=cells.text("fund") or "Unrestricted",
            status=cells.choice("status", GIFT_STATUSES, "completed"),
            is_anonymous=cells.flag("is_anonymous"),
            tribute=cells.text("tribute") or None,
            acknowledgement=_acknowledgement(cells, day),
            soft_credits=self._soft_credits(cells, amount),
            modified_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        )

    def _soft_credits(self, cells: Cells, whole: Money) -> tuple[SoftCredit, ...]:
        donor_id = cells.raw("soft_credit_donor_id")
        if not donor_id:
            return ()
        if donor_id not in self.donors:
            cells.note("soft_credit_donor_id", "No such donor was imported; the soft credit is left out.")
            return ()
        return (SoftCredit(donor_id=donor_id, amount=_recognised(cells, whole), reason="import"),)


def known_donor(cells: Cells, donors: Mapping[str, Donor]) -> str:
    """The row's donor id; RowProblemError when no such donor was imported."""
    donor_id = cells.raw("donor_id")
    if not donor_id:
        raise cells.problem("donor_id", "The row names no donor.")
    if donor_id not in donors:
        raise cells.problem("donor_id", "No donor with this id was imported from donors.csv.")
    return donor_id


def _refuse_promises(cells: Cells) -> None:
    if plain(cells.raw("type")) in PROMISES:
        raise cells.problem(
            "type", "A promise of payments is not money received; only payments are imported."
        )
    if plain(cells.raw("status")) in NEVER_RECEIVED:
        raise cells.problem("status", "The gift was never received.")


def _received(cells: Cells) -> Money:
    amount = cells.money("amount", "currency")
    if amount.minor < 0:
        raise cells.problem(
            "amount",
            "A negative amount is a correction or refund; the donor's total may be higher here by it.",
        )
    if amount.minor == 0:
        raise cells.problem("amount", "The amount is zero.")
    return amount


def _recognised(cells: Cells, whole: Money) -> Money:
    if not cells.raw("soft_credit_amount"):
        return whole
    try:
        part = cells.money("soft_credit_amount", "currency")
    except RowProblemError as problem:
        cells.note("soft_credit_amount", f"{problem.reason} The whole gift is recognised.")
        return whole
    return part if part.minor > 0 else whole


def _unsaid(cells: Cells, received_on: date) -> AcknowledgementStatus:
    """Without a word in a column kept for it, thanks for a recent gift are due."""
    is_tracked = any(name in cells.table.columns.positions for name in ("acknowledgement", "acknowledged_on"))
    return "needed" if is_tracked and received_on > cells.today - _RECENT else "not_needed"


def _acknowledgement(cells: Cells, received_on: date) -> Acknowledgement:
    on = cells.day_if_any("acknowledged_on")
    usual: AcknowledgementStatus = "acknowledged" if on else _unsaid(cells, received_on)
    status = cells.choice("acknowledgement", ACKNOWLEDGEMENTS, usual)
    return Acknowledgement(status=status, on=on if status == "acknowledged" else None)
