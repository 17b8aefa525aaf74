"""The CRM as handlers need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from policy.actions import Action, FieldChange
    from policy.donor import Campaign, DonorMatch, DonorRecord, PlannedMeeting
    from policy.undoing import ChangedSince, TakenBack


@dataclass(frozen=True, slots=True)
class CrmReceipt:
    """What the CRM holds after an action: the record's *ref* and the changes as read back."""

    ref: str
    changes: tuple[FieldChange, ...]
    verified: bool
    record_url: str | None = None


class Crm(Protocol):
    """The system of record. Only `handlers/execution/execute_action.py` calls `execute`."""

    async def search(self, text: str, limit: int) -> tuple[DonorMatch, ...]:
        """Find donors by id, e-mail or name, best match first."""
        ...

    async def near(self, text: str) -> tuple[DonorMatch, ...]:
        """Find donors whose names look like *text*."""
        ...

    async def read(self, donor_id: str) -> DonorRecord:
        """Read one donor with everything around them; raises DonorUnknown, Unavailable."""
        ...

    async def campaign(self, campaign_id: str) -> Campaign | None:
        """Read one campaign."""
        ...

    async def planned_meetings(self, start: datetime, end: datetime) -> tuple[PlannedMeeting, ...]:
        """List the meetings and visits planned from *start* until before *end*, if the CRM lists them."""
        ...

    async def execute(self, action: Action, *, key: str, version: str, actor: str) -> CrmReceipt:
        """Write *action* once under the idempotency *key* and read it back.

        Raises StaleRecord, OutcomeUnknown, Unavailable, Refused.
        """
        ...

    async def find(self, action: Action, *, key: str) -> CrmReceipt | None:
        """Look for the effect of an earlier `execute` with this *key*."""
        ...

    async def undo(
        self, action: Action, *, key: str, ref: str, actor: str, rest: bool = False
    ) -> TakenBack | ChangedSince:
        """Take back what `execute` wrote under *key* as the record *ref*; doing it twice is fine.

        What somebody changed since is left alone and returned, with what could still be undone; *rest* asks
        for exactly that. Raises DonorUnknown, StaleRecord, OutcomeUnknown, Unavailable, Refused.
        """
        ...
