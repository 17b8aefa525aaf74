"""What a handler is given: the arrival it handles and the world it may ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from secrets import token_urlsafe
from zoneinfo import ZoneInfo

from handlers.ports import (
    Assistant,
    Chat,
    CheckpointStore,
    Clock,
    Crm,
    EventStream,
    Holidays,
    Ids,
    RulesInForce,
)
from handlers.proposals.led_to_nothing import LedToNothing
from handlers.rules.matrices import Matrices
from policy.donor import DonorRecord
from policy.facts import Conventions
from policy.organisation import DigestSchedule, Organisation
from policy.practice import Library
from storage.database import Database
from storage.transaction import Transaction

Write = Callable[[Transaction], None]
"""What a handler wants written: committed together with the completion of what arrived, or not at all."""


def ships_none(prompt: str, version: str) -> bool:
    """Say that no prompt of that name and version comes with this release."""
    del prompt, version
    return False


def never(schedule: DigestSchedule, now: datetime) -> datetime | None:
    """Say that nobody here knows when a schedule comes next."""
    del schedule, now
    return None


@dataclass(frozen=True, slots=True)
class Context:
    """The ports and settings of this installation.

    *ships_prompt* says whether this release comes with a prompt of that name in that version, with its hash;
    *next_occurrence* when a schedule comes next after a moment (UTC). *secret* makes what nobody can guess,
    of so many bytes; ids can be guessed from their neighbours.
    """

    database: Database
    crm: Crm
    chat: Chat
    assistant: Assistant | None
    clock: Clock
    ids: Ids
    rules: RulesInForce
    stream: EventStream | None
    organisation: Organisation
    checkpoint_store: CheckpointStore | None = None
    holidays: Holidays | None = None
    matrices: Matrices = field(default_factory=Matrices)
    led_to_nothing: LedToNothing = field(default_factory=LedToNothing)
    practice: Library = field(default_factory=Library)
    ships_prompt: Callable[[str, str], bool] = ships_none
    next_occurrence: Callable[[DigestSchedule, datetime], datetime | None] = never
    secret: Callable[[int], str] = token_urlsafe

    def today(self) -> date:
        """Return the date in the organisation's time zone."""
        return self.clock.now().astimezone(ZoneInfo(self.organisation.time_zone)).date()

    def conventions(self) -> Conventions:
        """Return the definitions that donor facts are computed by."""
        organisation = self.organisation
        return Conventions(
            family=organisation.definition_family,
            fiscal_year_start_month=organisation.fiscal_year_start_month,
            home_currency=organisation.home_currency,
            acknowledgement_sla_hours=organisation.acknowledgement_sla_hours,
            major_gift_minor=organisation.major_gift_minor,
            other_major_gifts=organisation.major_gift_thresholds[1:],
            time_zone=organisation.time_zone,
        )


@dataclass(frozen=True, slots=True)
class Arrived:
    """One item of the inbox or outbox while it is being handled; *now* is when this attempt began.

    *position* grows from one arrival to the next.
    """

    item_id: str
    correlation_id: str
    attempts: int
    first_attempt_at: datetime | None
    now: datetime
    ids: Ids
    position: int | None = None

    @property
    def reference(self) -> str:
        """Return the short reference that the card, the log line and the audit entry share."""
        return self.correlation_id[-6:].lower()

    @property
    def retry_since(self) -> datetime | None:
        """Return when an earlier attempt may already have had its effect, None on the first."""
        return self.first_attempt_at if self.attempts > 1 else None


class Discard(Exception):
    """What arrived cannot be handled and is kept for inspection under *code*; nobody needs to be told."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotBefore(Exception):
    """What is to be done may be done from *moment* on; it waits by itself until then.

    *code* says what it waits for. Nothing was done in this attempt, so it does not count as one.
    """

    def __init__(self, moment: datetime, code: str = "not_before") -> None:
        super().__init__(code)
        self.moment, self.code = moment, code


def staff_names(record: DonorRecord) -> dict[str, str]:
    """Return the names of the staff known from *record*, by CRM staff id."""
    owner = {record.owner.id: record.owner.name} if record.owner else {}
    return {member.id: member.name for member in record.staff} | owner
