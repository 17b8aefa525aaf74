"""What may be said about a record of a draft besides the necessary; the rest is chosen by default."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from .model import (
    Acknowledgement,
    Direction,
    DonorType,
    GiftStatus,
    GiftType,
    InteractionStatus,
    LifecycleStage,
    PledgeStatus,
    ProcessingRegion,
    SoftCredit,
    Tier,
)


class DonorFields(TypedDict, total=False):
    """Fields of a donor."""

    type: DonorType
    first_name: str
    last_name: str
    salutation: str
    email: str | None
    phone: str | None
    processing_region: ProcessingRegion
    owner_id: str | None
    lifecycle_stage: LifecycleStage
    tier: Tier | None
    tags: tuple[str, ...]
    segments: tuple[str, ...]
    deceased: bool
    deceased_on: date | None
    do_not_contact: bool
    gives_anonymously: bool
    legal_review: bool
    sensitive: bool
    vulnerable: bool
    merged_into: str | None


class GiftFields(TypedDict, total=False):
    """Fields of a gift."""

    type: GiftType
    campaign_id: str | None
    fund: str
    status: GiftStatus
    pledge_id: str | None
    recurring_gift_id: str | None
    is_anonymous: bool
    tribute: str | None
    acknowledgement: Acknowledgement
    soft_credits: tuple[SoftCredit, ...]


class PledgeFields(TypedDict, total=False):
    """Fields of a pledge."""

    status: PledgeStatus
    campaign_id: str | None
    fund: str


class ContactFields(TypedDict, total=False):
    """Fields of an interaction."""

    direction: Direction
    status: InteractionStatus
    staff_id: str | None
    body: str
    is_ask: bool
    campaign_id: str | None
