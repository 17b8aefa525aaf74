"""What the actions and what can be done with them are called where people read it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from policy.decision_facts import ActionKind, Capability

ACTION_WORDS: Mapping[ActionKind, str] = MappingProxyType(
    {
        "create_task": "Create a task",
        "schedule_follow_up": "Plan a follow-up",
        "add_note": "Add a note",
        "record_acknowledgement": "Record a thank-you",
        "update_stage": "Change the stage",
        "add_to_segment": "Add to a segment",
        "remove_from_segment": "Remove from a segment",
        "suppress_channel": "Close a channel",
        "assign_owner": "Assign an owner",
        "draft_message": "Keep a drafted message",
    }
)
CAPABILITY_WORDS: Mapping[Capability, str] = MappingProxyType(
    {
        "recommend": "Recommend",
        "draft": "Draft",
        "auto_route": "Put before somebody",
        "execute": "Carry out",
    }
)
DONE_WORDS: Mapping[Capability, str] = MappingProxyType(
    {
        "recommend": "recommended",
        "draft": "drafted",
        "auto_route": "put before somebody",
        "execute": "carried out",
    }
)
