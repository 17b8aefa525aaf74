"""Events that bring a decision back before its day: the donor's next gift or reply, the end of a campaign."""

from __future__ import annotations

from enum import StrEnum, unique

from policy.events import CrmEvent, CrmEventType

ENDED = frozenset({"completed", "cancelled"})
"""The statuses of a campaign that is over."""


@unique
class AwaitedEvent(StrEnum):
    """What somebody waits for before they decide."""

    NEXT_GIFT = "next_gift"
    NEXT_REPLY = "next_reply"
    CAMPAIGN_END = "campaign_end"


_BRINGS = {
    CrmEventType.DONATION_RECEIVED: AwaitedEvent.NEXT_GIFT,
    CrmEventType.REPLY_RECEIVED: AwaitedEvent.NEXT_REPLY,
    CrmEventType.CAMPAIGN_STATUS_CHANGED: AwaitedEvent.CAMPAIGN_END,
}


def brought_by(event: CrmEvent) -> tuple[AwaitedEvent, str] | None:
    """Return what *event* may be the awaited one of, and the id of the donor or campaign it is about."""
    kind = _BRINGS.get(event.type)
    about = event.record_id if kind is AwaitedEvent.CAMPAIGN_END else event.donor_id
    return (kind, about) if kind and about else None
