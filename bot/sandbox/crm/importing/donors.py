"""Donor rows: the donor, what they agreed to, and whom they share a household with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.sandbox.crm.importing.cells import Cells
from bot.sandbox.crm.importing.countries import country_of, region_of, time_zone_of
from bot.sandbox.crm.importing.staffing import StaffRegister
from bot.sandbox.crm.importing.vocabulary import (
    CONSENTS,
    DONOR_TYPES,
    PROCESSING_REGIONS,
    STAGES,
    TIERS,
)
from bot.sandbox.crm.model import Consent, ConsentChannel, ConsentStatus, Donor, DonorType, Household
from bot.sandbox.crm.rollups import rollups_of

_CHANNELS: Final[tuple[ConsentChannel, ...]] = ("email", "mail", "phone", "sms")


@dataclass(slots=True)
class DonorImport:
    """The donors read so far, by id, with the line each came from; *unstaged* are those without a stage."""

    staff: StaffRegister
    donors: dict[str, Donor] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    unstaged: set[str] = field(default_factory=set)
    consents: list[Consent] = field(default_factory=list)
    households: dict[str, list[str]] = field(default_factory=dict)

    def add(self, cells: Cells) -> None:
        """Import one row; RowProblemError when it cannot be."""
        donor_id = cells.id("id")
        if not donor_id:
            raise cells.problem("id", "The donor has no id.")
        if donor_id in self.donors:
            raise cells.problem("id", f"The id stands on line {self.lines[donor_id]} already.")
        donor = self._donor(donor_id, cells)
        self.consents.extend(self._consents(donor, cells))
        self._join_household(donor, cells.text("household"))
        if not cells.raw("lifecycle_stage"):
            self.unstaged.add(donor_id)
        self.donors[donor_id] = donor
        self.lines[donor_id] = cells.row.line

    def household_records(self) -> tuple[Household, ...]:
        return tuple(
            Household(id=_household_id(number), name=name, member_ids=tuple(members))
            for number, (name, members) in enumerate(self.households.items(), start=1)
        )

    def household_ids(self) -> dict[str, str]:
        """The household of every donor who has one."""
        return {
            member: _household_id(number)
            for number, members in enumerate(self.households.values(), start=1)
            for member in members
        }

    def _donor(self, donor_id: str, cells: Cells) -> Donor:
        first, last, name = cells.text("first_name"), cells.text("last_name"), cells.text("name")
        if not name and not last:
            raise cells.problem("name", "The donor has no name.")
        full_name = name or f"{first} {last}".strip()
        country = _country(cells)
        created = _created_at(cells)
        deceased_on = cells.day_if_any("deceased_on")
        return Donor(
            id=donor_id,
            type=cells.choice("type", DONOR_TYPES, _likely_type(first, last)),
            first_name=first,
            last_name=last,
            name=full_name,
            salutation=cells.text("salutation") or first or full_name,
            email=cells.email("email"),
            phone=cells.text("phone", 40) or None,
            city=cells.text("city"),
            country=country,
            region=region_of(country),
            processing_region=cells.choice("processing_region", PROCESSING_REGIONS, "any"),
            owner_id=self.staff.id_of(cells.text("owner")),
            lifecycle_stage=cells.choice("lifecycle_stage", STAGES, "acquisition"),
            tier=cells.choice("tier", {**TIERS}, None),
            tags=cells.values("tags"),
            segments=cells.values("segments"),
            deceased=cells.flag("deceased") or deceased_on is not None or bool(cells.raw("deceased_on")),
            deceased_on=deceased_on,
            do_not_contact=cells.flag("do_not_contact"),
            gives_anonymously=cells.flag("gives_anonymously"),
            legal_review=cells.flag("legal_review"),
            sensitive=cells.flag("sensitive"),
            vulnerable=cells.flag("vulnerable"),
            time_zone=_time_zone(cells, country),
            created_at=created,
            modified_at=created,
            rollups=rollups_of(()),
        )

    def _consents(self, donor: Donor, cells: Cells) -> list[Consent]:
        return [
            Consent(
                id=f"consent-{donor.id}-{channel}",
                donor_id=donor.id,
                channel=channel,
                purpose="all" if status == "opted_out" else "fundraising",
                status=status,
                source="import",
                jurisdiction=donor.region,
                captured_on=donor.created_at.date(),
            )
            for channel in _CHANNELS
            if (status := _consent(cells, channel)) is not None
        ]

    def _join_household(self, donor: Donor, name: str) -> None:
        if name:
            self.households.setdefault(name, []).append(donor.id)


def _household_id(number: int) -> str:
    return f"household-{number:04d}"


def _likely_type(first: str, last: str) -> DonorType:
    return "individual" if first or last else "organization"


def _consent(cells: Cells, channel: str) -> ConsentStatus | None:
    """A refusal wins over a consent in the same row; None where the row says nothing."""
    if cells.flag(f"no_{channel}"):
        return "opted_out"
    if not cells.raw(f"{channel}_consent"):
        return None
    return cells.choice(f"{channel}_consent", CONSENTS, "unknown")


def _country(cells: Cells) -> str:
    written = cells.text("country")
    if not written:
        return "US"
    found = country_of(written)
    if found is None:
        # An unknown country must not be taken for one with laxer rules.
        cells.note("country", "The country is not known; the donor's region is set to OTHER.")
    return found or "ZZ"


def _created_at(cells: Cells) -> datetime:
    day: date = cells.day_if_any("created_on") or cells.today
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _time_zone(cells: Cells, country: str) -> str:
    written = cells.text("time_zone")
    if not written:
        return time_zone_of(country)
    try:
        return ZoneInfo(written).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        cells.note("time_zone", "The time zone is not known; a usual one of the country is used.")
        return time_zone_of(country)
