"""Everything that can be made to go wrong with the CRM, and the switches for it."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class FaultSettings(BaseModel):
    """The switches as they stand; all off is a healthy CRM.

    *slow_ms* milliseconds before each answer; *stale_412* how many of the next conditional writes are told
    that they are stale; *retry_after_s* what a 429 or a 403 for quota says; *late_events* seconds that each
    event is held back. *cut_answers* break off in the middle, *empty_promises* are writes answered with yes
    that nothing follows from, *failed_writes_done* writes answered with 500 after they were made;
    *repeated_items* are on their lists twice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_down: bool = False
    slow_ms: int = Field(0, ge=0, le=60_000)
    stale_412: int = Field(0, ge=0, le=1000)
    rate_limit: bool = False
    quota: bool = False
    retry_after_s: int = Field(5, ge=0, le=86_400)
    empty_reads: bool = False
    partial_permission: bool = False
    lost_write_replies: bool = False
    failed_writes_done: bool = False
    cut_answers: bool = False
    empty_promises: bool = False
    repeated_items: bool = False
    duplicate_events: bool = False
    late_events: int = Field(0, ge=0, le=86_400)
    reorder_events: bool = False
    drop_events: bool = False


class Faults:
    """The switches in use; *on_change* hears of every move."""

    def __init__(self, on_change: Callable[[FaultSettings], None]) -> None:
        self.now = FaultSettings()
        self._on_change = on_change

    def switch(self, changes: dict[str, JsonValue]) -> FaultSettings:
        """Move the named switches and leave the others; pydantic.ValidationError for a bad one."""
        self.now = FaultSettings.model_validate({**self.now.model_dump(), **changes})
        self._on_change(self.now)
        return self.now

    def take_stale(self) -> bool:
        """Whether this conditional write is one of those that must look stale; uses it up."""
        if not self.now.stale_412:
            return False
        self.switch({"stale_412": self.now.stale_412 - 1})
        return True
