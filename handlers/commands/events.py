"""What the CRM tells, and looking at it again."""

from __future__ import annotations

from typing import Literal

from policy.events import CrmEvent
from policy.value import Value


class CrmEventArrived(Value):
    """The CRM reported something."""

    type: Literal["crm_event"] = "crm_event"
    event: CrmEvent


class UnreadableEventArrived(Value):
    """The CRM signed something that cannot be understood; it is kept as it came, for people to look at."""

    type: Literal["unreadable_event"] = "unreadable_event"
    reason: str
    event_type: str = ""
    body: str


class FreshLookDue(Value):
    """A record was put right, and what happened is to be looked at again."""

    type: Literal["fresh_look"] = "fresh_look"
    item_id: str


class OwnerLooked(Value):
    """The relationship owner of a donor with open decisions may have changed."""

    type: Literal["owner_looked"] = "owner_looked"
    donor_id: str
