"""What is known about something that arrived from Slack, apart from what it asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from handlers.commands import Command
from handlers.enqueueing import PEOPLE_FIRST

WHEN_THERE_IS_TIME = 40

Kind = Literal["slack.command", "slack.click", "slack.submission", "slack.event"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """How an arrival is told from its own repetitions, and how it is queued.

    Arrivals with the same *entity_key* (an escalation id) are handled one after the other; a lower *priority*
    goes first.
    """

    dedupe_key: str
    kind: Kind
    entity_key: str | None = None
    priority: int = PEOPLE_FIRST


Accept = Callable[[Command, Arrival], Awaitable[bool]]
"""Stores a command durably and rings; False when this arrival was stored before. Raises when it cannot."""
