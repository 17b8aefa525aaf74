"""The outside world as handlers need it; adapters in `bot/` satisfy these structurally."""

from __future__ import annotations

from handlers.ports.assistant import Assistant, AssistantUnavailable, CutShort, Hear
from handlers.ports.chat import Chat, Colleague, Live, MessageRef, PerhapsTwice, ShownCard, Twin
from handlers.ports.checkpoints import CheckpointStore
from handlers.ports.clock import Clock
from handlers.ports.crm import Crm, CrmReceipt
from handlers.ports.event_stream import EventStream
from handlers.ports.failures import DonorUnknown, NotThere, OutcomeUnknown, Refused, StaleRecord, Unavailable
from handlers.ports.holidays import DaysOff, Holidays
from handlers.ports.ids import Ids
from handlers.ports.rules import RulesInForce

__all__ = [
    "Assistant",
    "AssistantUnavailable",
    "Chat",
    "CheckpointStore",
    "Clock",
    "Colleague",
    "Crm",
    "CrmReceipt",
    "CutShort",
    "DaysOff",
    "DonorUnknown",
    "EventStream",
    "Hear",
    "Holidays",
    "Ids",
    "Live",
    "MessageRef",
    "NotThere",
    "OutcomeUnknown",
    "PerhapsTwice",
    "Refused",
    "RulesInForce",
    "ShownCard",
    "StaleRecord",
    "Twin",
    "Unavailable",
]
