"""Records to put right."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from handlers.outcomes.donor import DonorHeader
from policy.cleanup import CleanupState
from policy.value import Value


class AlsoReported(Value):
    """Another report of the same record while it waited: by whom, when, of which text, and why."""

    user_id: str
    name: str
    at: AwareDatetime
    reason: str
    answer_id: str


class CleanupShown(Value):
    """A record to put right: whose, what is wrong with it, who asked, and what became of it.

    *asked_for* names the absent person they did it for, *waiting* is the proposal that waits for it; empty
    when somebody said it of a text; *also* are those who said so of the same record after that. *answer*
    says what came of it, for people.
    """

    type: Literal["cleanup"] = "cleanup"
    item_id: str
    donor: DonorHeader
    reason: str
    text: str = ""
    waiting: str
    asked_by_user_id: str
    asked_by: str
    asked_for: str = ""
    asked_at: AwareDatetime
    steward_user_id: str | None = None
    state: CleanupState = CleanupState.OPEN
    answered_by_user_id: str | None = None
    answered_by: str | None = None
    answered_at: AwareDatetime | None = None
    answer: str = ""
    reference: str
    also: tuple[AlsoReported, ...] = ()


class CleanupListShown(Value):
    """The records that wait to be put right, the oldest first; *more* were left out."""

    type: Literal["cleanup_list"] = "cleanup_list"
    items: tuple[CleanupShown, ...]
    more: int = 0
    only_own: bool = False
