"""The decisions behind a manager's figures: which there are to choose from, and one as it is listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from policy.interactions import Kind

Behind = Literal[
    "all",
    "approved",
    "edited",
    "declined",
    "sent_back",
    "deferred",
    "passed_on",
    "undone",
    "expired",
    "held",
    "asked",
]
BEHIND: dict[Behind, tuple[Kind, ...]] = {
    "all": (
        *(Kind.APPROVED, Kind.APPROVED_EDITED, Kind.DECLINED, Kind.SENT_BACK),
        *(Kind.DEFERRED, Kind.PASSED_ON, Kind.UNDONE, Kind.EXPIRED),
    ),
    "approved": (Kind.APPROVED,),
    "edited": (Kind.APPROVED_EDITED,),
    "declined": (Kind.DECLINED,),
    "sent_back": (Kind.SENT_BACK,),
    "deferred": (Kind.DEFERRED,),
    "passed_on": (Kind.PASSED_ON,),
    "undone": (Kind.UNDONE,),
    "expired": (Kind.EXPIRED,),
    "held": (Kind.HELD_BY,),
    "asked": (Kind.ASKED_BY,),
}
LABELS: dict[Behind, str] = {
    "all": "Everything that was decided",
    "approved": "Approved as proposed",
    "edited": "Approved with changes",
    "declined": "Declined",
    "sent_back": "Sent back for better data",
    "deferred": "Put off",
    "passed_on": "Passed on to somebody else",
    "undone": "Undone afterwards",
    "expired": "Time ran out",
    "held": "Held back by a rule",
    "asked": "Sent to a person by a rule",
}
OF_NO_TEAM = frozenset[Behind]({"held", "asked"})
"""What rules do with a proposal happens before anybody is asked, so it is of no team."""
OnlyBy = Literal["", "a", "r"]
"""By what a list is narrowed: by nothing, by the action proposed, or by the reason or rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One thing somebody did with a proposal; it names no donor. *person* is a Slack user id, or empty.

    *confidence* is the tenth it falls in, -1 without one.
    """

    at: datetime
    kind: Kind
    reason: str
    person: str
    action_kind: str
    stage: str
    confidence: int
    escalation_id: str | None
    reference: str


def words_of(kind: Kind) -> str:
    """Say what was done."""
    return next(LABELS[name] for name, kinds in BEHIND.items() if name != "all" and kind in kinds)
