"""Interaction rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.crm.importing.campaigns import CampaignRegister
from bot.sandbox.crm.importing.cells import Cells
from bot.sandbox.crm.importing.gifts import known_donor
from bot.sandbox.crm.importing.staffing import StaffRegister
from bot.sandbox.crm.importing.vocabulary import DIRECTIONS, INTERACTION_STATUSES, KINDS
from bot.sandbox.crm.model import (
    Direction,
    Donor,
    Interaction,
    InteractionKind,
    InteractionStatus,
)


@dataclass(slots=True)
class InteractionImport:
    """The interactions read so far, by id, with the line each came from."""

    donors: Mapping[str, Donor]
    staff: StaffRegister
    campaigns: CampaignRegister
    interactions: dict[str, Interaction] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def add(self, cells: Cells) -> None:
        """Import one row; RowProblemError when it cannot be."""
        interaction_id = cells.id("id") or f"interaction-line-{cells.row.line:06d}"
        if interaction_id in self.interactions:
            raise cells.problem("id", f"The id stands on line {self.lines[interaction_id]} already.")
        self.interactions[interaction_id] = self._interaction(interaction_id, cells)
        self.lines[interaction_id] = cells.row.line

    def _interaction(self, interaction_id: str, cells: Cells) -> Interaction:
        donor_id = known_donor(cells, self.donors)
        at = cells.instant("at")
        kind = cells.choice("kind", KINDS, _usual_kind())
        return Interaction(
            id=interaction_id,
            donor_id=donor_id,
            kind=kind,
            direction=cells.choice("direction", DIRECTIONS, _usual_direction(kind)),
            status=cells.choice("status", INTERACTION_STATUSES, _usual_status(at, cells)),
            at=at,
            staff_id=self.staff.id_of(cells.text("staff")),
            subject=cells.text("subject") or cells.text("kind") or kind,
            body=cells.prose("body"),
            is_ask=cells.flag("is_ask"),
            campaign_id=self.campaigns.id_of(cells.text("campaign")),
            modified_at=at,
        )


def _usual_kind() -> InteractionKind:
    return "event"


def _usual_direction(kind: InteractionKind) -> Direction:
    return "inbound" if kind in ("reply", "email_open") else "outbound"


def _usual_status(at: datetime, cells: Cells) -> InteractionStatus:
    return "completed" if at.date() <= cells.today else "planned"
