"""Taking back what was written to the CRM: exactly, or not at all where somebody changed it since.

Before anything is touched, three states are compared: as it was, as it was written, and as it is now.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot.crm.read_back import check_it_holds, check_it_is_gone
from bot.crm.wire import CRM, NotPermitted, Wire
from bot.crm.writes import Json, note_body, spell_value, task_body
from handlers.ports import DonorUnknown, Refused
from policy.actions import (
    Action,
    AddNote,
    CreateTask,
    DraftMessage,
    FieldChange,
    RecordAcknowledgement,
    ScheduleFollowUp,
    SuppressChannel,
)
from policy.changes import NOTHING
from policy.donor import StaffMember
from policy.undoing import ChangedSince, Difference, TakenBack

CANCEL = "cancel the task and keep what was changed in it"
PREVIOUS_OWNER_LEFT = "previous_owner_left"

_LABELS = {"due_on": "Due", "assignee_id": "Assigned to", "owner_id": "Relationship owner"}
_OF_STAFF = frozenset({"assignee_id", "owner_id"})
# A merge moves a record to the donor that is left; it is the same record, and still ours.
_MOVED_BY_MERGES = frozenset({"donor_id"})

Names = Mapping[str, str]


class Undoing:
    """The inverse of each write; a repetition finds nothing left to do."""

    def __init__(self, wire: Wire, staff: Callable[[], Awaitable[tuple[StaffMember, ...]]]) -> None:
        self._wire = wire
        self._staff = staff

    async def undo(
        self, action: Action, *, key: str, ref: str, actor: str, rest: bool
    ) -> TakenBack | ChangedSince:
        """Undo *action*, or say what differs from what was written."""
        try:
            done = await self._wire.every("changes", change_key=_undo_key(key))
            if done:
                return TakenBack(changes=_changes(done, await self._names()))
            return await self._undo(action, key, ref, actor, rest=rest)
        except NotPermitted:
            raise Refused(CRM, "not_permitted") from None

    async def _undo(
        self, action: Action, key: str, ref: str, actor: str, *, rest: bool
    ) -> TakenBack | ChangedSince:
        match action:
            case CreateTask() | ScheduleFollowUp():
                written = {**task_body(action), "status": "open"}
                return await self._remove("tasks", ref, written, key, actor, rest=rest)
            case AddNote() | DraftMessage():
                return await self._remove("notes", ref, note_body(action), key, actor, rest=rest)
            case RecordAcknowledgement():
                return await self._restore(f"gifts/{action.gift_id}", key, actor)
            case SuppressChannel():
                raise Refused(CRM, "consents_are_never_edited")
            case _:
                return await self._restore(f"donors/{action.donor_id}", key, actor)

    async def _remove(
        self, kind: str, ref: str, written: Mapping[str, Any], key: str, actor: str, *, rest: bool
    ) -> TakenBack | ChangedSince:
        path = f"{kind}/{ref}"
        try:
            held = await self._wire.get(path)
        except DonorUnknown:
            return TakenBack(gone=True)
        names = await self._names()
        mine = [(name, None, value) for name, value in written.items() if name not in _MOVED_BY_MERGES]
        differences = _differences(ref, mine, held, names)
        if not differences:
            return await self._delete(path, held, key, actor)
        if held.get("status") != "open":  # nor is there anything of a note that could be cancelled
            return ChangedSince(differences=differences)
        if not rest:
            return ChangedSince(differences=differences, rest=CANCEL)
        closed = {"status": "cancelled"}
        await self._change(path, closed, held, key, actor)
        return TakenBack(changes=(_change(ref, "status", held["status"], "cancelled", names),))

    async def _delete(self, path: str, held: Mapping[str, Any], key: str, actor: str) -> TakenBack:
        kind, _, ref = path.partition("/")
        try:
            await self._wire.write("DELETE", path, None, actor=actor, headers=_headers(held, key))
        except DonorUnknown:
            return TakenBack(gone=True)
        await check_it_is_gone(self._wire, path)
        return TakenBack(changes=(_removed(kind, ref, held),))

    async def _restore(self, path: str, key: str, actor: str) -> TakenBack | ChangedSince:
        """Set back the fields changed under *key*; each has to hold still what was written."""
        changed = await self._wire.every("changes", change_key=key)
        try:
            held = await self._wire.get(path)
        except DonorUnknown:
            return TakenBack(gone=True)
        names = await self._names()
        ref = path.partition("/")[2]
        fields = [(str(each["field"]), each["before"], each["after"]) for each in changed]
        targets = {name: _target(name, before, after, held) for name, before, after in fields}
        touched = [field for field in fields if targets[field[0]] is None]
        if touched:
            return ChangedSince(differences=_differences(ref, touched, held, names))
        body: Json = {name: target for name, [target] in _present(targets) if held.get(name) != target}
        if not body:
            return TakenBack(gone=True)
        await self._check_owner(body)
        await self._change(path, body, held, key, actor)
        return TakenBack(
            changes=tuple(_change(ref, name, held.get(name), value, names) for name, value in body.items())
        )

    async def _change(self, path: str, body: Json, held: Mapping[str, Any], key: str, actor: str) -> None:
        """Change the record, and see that it was; raises NotThere, after which a repetition looks first."""
        await self._wire.write("PATCH", path, body, actor=actor, headers=_headers(held, key))
        if not await self._wire.every("changes", change_key=_undo_key(key)):
            await check_it_holds(self._wire, path, body)

    async def _check_owner(self, body: Json) -> None:
        """A relationship is given back only to somebody who is still here."""
        owner_id = body.get("owner_id")
        if owner_id and not any(each.id == owner_id and each.active for each in await self._staff()):
            raise Refused(CRM, PREVIOUS_OWNER_LEFT)

    async def _names(self) -> Names:
        return {member.id: member.name for member in await self._staff()}


def _undo_key(key: str) -> str:
    return f"{key}:undo"


def _headers(held: Mapping[str, Any], key: str) -> dict[str, str]:
    seen = {"If-Match": f'"{held["version"]}"'} if held.get("version") else {}
    return {**seen, "X-Change-Key": _undo_key(key)}


def _target(name: str, before: Any, after: Any, held: Mapping[str, Any]) -> tuple[Any] | None:
    """Return the value to restore, or None where somebody else's change would be lost.

    A list keeps what others added to it or took out: only our own element goes back.
    """
    now = held.get(name)
    if isinstance(before, list) and isinstance(after, list) and isinstance(now, list):
        kept = [item for item in now if item not in after or item in before]
        return ([*kept, *(item for item in before if item not in after and item not in kept)],)
    if now == after:
        return (before,)
    return (before,) if now == before else None


def _present(targets: Mapping[str, tuple[Any] | None]) -> list[tuple[str, tuple[Any]]]:
    return [(name, target) for name, target in targets.items() if target is not None]


def _differences(
    ref: str, written: Sequence[tuple[str, Any, Any]], held: Mapping[str, Any], names: Names
) -> tuple[Difference, ...]:
    return tuple(
        Difference(
            record=ref,
            field=_label(name),
            before=_spell(name, before, names),
            written=_spell(name, after, names),
            now=_spell(name, held.get(name), names),
        )
        for name, before, after in written
        if held.get(name) != after
    )


def _changes(entries: Sequence[Json], names: Names) -> tuple[FieldChange, ...]:
    return tuple(
        _change(str(each["record_id"]), str(each["field"]), each["before"], each["after"], names)
        for each in entries
    )


def _change(ref: str, name: str, before: Any, after: Any, names: Names) -> FieldChange:
    return FieldChange(
        record=ref,
        field=_label(name),
        before=_spell(name, before, names),
        after=_spell(name, after, names),
    )


def _removed(kind: str, ref: str, held: Mapping[str, Any]) -> FieldChange:
    """A note's text does not stay behind on the card that says it is gone."""
    was = str(held["title"])[:200] if kind == "tasks" else ref
    return FieldChange(record=ref, field=kind.removesuffix("s").capitalize(), before=was, after=NOTHING)


def _label(name: str) -> str:
    return _LABELS.get(name, name.replace("_", " ").capitalize())


def _spell(name: str, value: Any, names: Names) -> str:
    return names.get(str(value), spell_value(value)) if name in _OF_STAFF else spell_value(value)
