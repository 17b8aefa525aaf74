"""Taking back what was written to the CRM: exactly, or not at all when somebody changed it since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.crm.wire import Wire
from bot.crm.writes import Json, note_body, spell_value, task_body
from handlers.ports import DonorUnknown
from policy.actions import (
    Action,
    AddNote,
    CreateTask,
    DraftMessage,
    FieldChange,
    RecordAcknowledgement,
    ScheduleFollowUp,
)


class Undoing:
    """The inverse of each write; a repetition finds nothing left to do."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def undo(self, action: Action, *, key: str, ref: str, actor: str) -> tuple[FieldChange, ...]:
        """Undo *action*; return the fields changed since as (written, now), and then change nothing."""
        match action:
            case CreateTask() | ScheduleFollowUp():
                written = {**task_body(action), "status": "open"}
                return await self._delete(f"tasks/{ref}", ref, written, actor)
            case AddNote() | DraftMessage():
                return await self._delete(f"notes/{ref}", ref, note_body(action), actor)
            case RecordAcknowledgement():
                return await self._restore(f"gifts/{action.gift_id}", key, actor)
            case _:
                return await self._restore(f"donors/{action.donor_id}", key, actor)

    async def _delete(
        self, path: str, ref: str, written: Mapping[str, Any], actor: str
    ) -> tuple[FieldChange, ...]:
        try:
            held = await self._wire.get(path)
        except DonorUnknown:
            return ()
        differences = _differences(ref, written, held)
        if not differences:
            await self._wire.write("DELETE", path, None, actor=actor, headers={})
        return differences

    async def _restore(self, path: str, key: str, actor: str) -> tuple[FieldChange, ...]:
        """Set back the fields changed under *key*; each has to hold still what was written."""
        if await self._wire.every("changes", change_key=_undo_key(key)):
            return ()
        changed = await self._wire.every("changes", change_key=key)
        held = await self._wire.get(path)
        written = {str(change["field"]): change["after"] for change in changed}
        differences = _differences(path, written, held)
        if differences or not changed:
            return differences
        before: Json = {str(change["field"]): change["before"] for change in changed}
        headers = {"If-Match": f'"{held["version"]}"', "X-Change-Key": _undo_key(key)}
        await self._wire.write("PATCH", path, before, actor=actor, headers=headers)
        return ()


def _undo_key(key: str) -> str:
    return f"{key}:undo"


def _differences(ref: str, written: Mapping[str, Any], held: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(
            record=ref,
            field=name.replace("_", " ").capitalize(),
            before=spell_value(value),
            after=spell_value(held.get(name)),
        )
        for name, value in written.items()
        if held.get(name) != value
    )
