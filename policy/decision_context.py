"""What only the host knows about a decision: the time and place, the settings, the assistant's evidence."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from policy.decision import Role
from policy.decision_facts import (
    AiOrigin,
    Capability,
    ConfidenceLevel,
    DoorKind,
    Purpose,
    TriageUrgency,
)
from policy.donor import Channel
from policy.money import Money
from policy.value import Value


class PendingTouch(Value):
    """A contact that waits for a decision or was approved and not carried out yet; it reserves its place.

    The host leaves out the one that is being decided.
    """

    donor_id: str
    channel: Channel | None = None
    is_ask: bool
    at: AwareDatetime


class Blackout(Value):
    """A period, *ends_at* excluded, in which nobody is contacted; both ends carry the offset of its own zone.

    Without *channels* it covers all; with *asks_only*, other contact stays possible.
    """

    name: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    channels: tuple[Channel, ...] = ()
    asks_only: bool = False

    def covers(self, day: date) -> bool:
        """Say whether any part of the calendar day lies within the period."""
        last = self.ends_at if self.ends_at.time() != time.min else self.ends_at - timedelta(days=1)
        return self.starts_at.date() <= day <= last.date()

    def covers_moment(self, moment: datetime) -> bool:
        """Say whether the moment lies within the period."""
        return self.starts_at.astimezone(UTC) <= moment < self.ends_at.astimezone(UTC)


class Audience(Value):
    """Whom a campaign is for, by segment; without *include* it is for everybody not left out."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Evidence(Value):
    """What the assistant's text rests on; *endpoint_region* says where the model ran ("" without a model)."""

    origin: AiOrigin = "none"
    confidence: Annotated[int, Field(ge=0, le=100)] = 0
    confidence_level: ConfidenceLevel = "none"
    unsupported_claims: int = 0
    contradictions: int = 0
    suspected_injection: bool = False
    external_text: bool = False
    endpoint_region: str = ""


class Requester(Value):
    """The member of staff who asked, by CRM staff id, and their roles."""

    staff_id: str | None
    roles: tuple[Role, ...] = ()


class Triaged(Value):
    """How pressing it is and what it speaks of; "none" where nothing was triaged."""

    urgency: TriageUrgency = "none"
    topics: tuple[str, ...] = ()


class DecisionContext(Value):
    """Everything a decision needs besides the donor record and the action.

    *local_now* is the same moment as *now*, with the offset of the donor's time zone (or the organisation's,
    where that is unknown). *major_gift_thresholds* holds one amount per currency. *owner_on_hold* means the
    owner asked to keep automation away. *purpose* None means fundraising for contact with the donor, and
    *is_ask* None means that contact for fundraising is an ask. *leads_to_contact* says of a task that it is
    about contacting the donor.
    """

    now: AwareDatetime
    local_now: AwareDatetime
    rollout_phase: Literal[1, 2, 3]
    stopped: tuple[Capability, ...]
    door: DoorKind
    evidence: Evidence
    pending_touches: tuple[PendingTouch, ...]
    blackouts: tuple[Blackout, ...]
    major_gift_thresholds: tuple[Money, ...]
    requester: Requester | None = None
    shared_with_outsiders: bool = False
    owner_on_hold: bool = False
    purpose: Purpose | None = None
    is_ask: bool | None = None
    leads_to_contact: bool = False
    amount: Money | None = None
    campaign_id: str | None = None
    audience: Audience = Audience()
    quiet_hours: tuple[int, int] | None = None
    triaged: Triaged = Triaged()

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        # In UTC: times of an hour that the clocks repeat never equal those of another zone (PEP 495).
        if self.now.astimezone(UTC) != self.local_now.astimezone(UTC):
            raise ValueError("now and local_now must be the same moment")
        currencies = [threshold.currency for threshold in self.major_gift_thresholds]
        if len(set(currencies)) != len(currencies):
            raise ValueError("one major-gift threshold per currency")
        return self
