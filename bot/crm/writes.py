"""Writing actions to the CRM: each once under its key, each read back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, tzinfo
from typing import Any

from bot.crm.read_back import check_it_holds
from bot.crm.wire import CRM, Wire
from handlers.ports import Clock, CrmReceipt, DonorUnknown, NotThere, OutcomeUnknown
from policy.actions import (
    Action,
    AddNote,
    AddToSegment,
    AssignOwner,
    CreateTask,
    DraftMessage,
    FieldChange,
    RecordAcknowledgement,
    RemoveFromSegment,
    ScheduleFollowUp,
    SuppressChannel,
    UpdateStage,
)
from policy.changes import NOBODY, NOTHING, spell_date

Json = dict[str, Any]


class Writes:
    """Turns actions of the catalogue into requests and answers into receipts; dates are those of *zone*."""

    def __init__(self, wire: Wire, clock: Clock, zone: tzinfo) -> None:
        self._wire = wire
        self._clock = clock
        self._zone = zone

    async def execute(self, action: Action, *, key: str, version: str, actor: str) -> CrmReceipt:
        """Write *action*; *version* is the donor's version token the decision was made on."""
        match action:
            case CreateTask() | ScheduleFollowUp():
                body = task_body(action)
                task = await self._wire.write("PUT", f"tasks/{key}", body, actor=actor, headers={})
                return await self._read_back("tasks", task, body)
            case AddNote() | DraftMessage():
                body = note_body(action)
                note = await self._wire.write("PUT", f"notes/{key}", body, actor=actor, headers={})
                return await self._read_back("notes", note, body)
            case RecordAcknowledgement():
                return await self._acknowledge(action, key=key, actor=actor)
            case SuppressChannel():
                return await self._suppress(action, key=key, actor=actor)
            case _:
                return await self._change_donor(action, key=key, version=version, actor=actor)

    async def find(self, action: Action, *, key: str) -> CrmReceipt | None:
        """Look for what was written under *key*."""
        match action:
            case CreateTask() | ScheduleFollowUp():
                return await self._find_created("tasks", action.donor_id, key, task_body(action))
            case AddNote() | DraftMessage():
                return await self._find_created("notes", action.donor_id, key, note_body(action))
            case _:
                changes = await self._changes(key)
                return _receipt(changes[0]["record_id"], changes) if changes else None

    async def _acknowledge(self, action: RecordAcknowledgement, *, key: str, actor: str) -> CrmReceipt:
        gift = await self._wire.get(f"gifts/{action.gift_id}")
        body = {
            "acknowledgement": {
                "status": "acknowledged",
                "on": action.acknowledged_on.isoformat(),
                "by": actor,
            }
        }
        path = f"gifts/{action.gift_id}"
        await self._patch(path, body, gift["version"], key, actor)
        settled = {"acknowledgement": {"status": "acknowledged"}}
        return await self._changed(action.gift_id, key, path, settled)

    async def _suppress(self, action: SuppressChannel, *, key: str, actor: str) -> CrmReceipt:
        donor = await self._wire.get(f"donors/{action.donor_id}")
        body = {
            "channel": action.channel.value,
            "purpose": action.purpose,
            "status": "opted_out",
            "source": "Recorded through Countersign",
            "jurisdiction": donor.get("region") or "unknown",
            "captured_on": self._clock.now().astimezone(self._zone).date().isoformat(),
        }
        path = f"donors/{action.donor_id}/consents"
        created = await self._wire.write("POST", path, body, actor=actor, headers={"X-Change-Key": key})
        ref, changes = _id_of(created), await self._changes(key)
        if not changes and not any(each.get("id") == ref for each in await self._wire.every(path)):
            raise NotThere(CRM)
        return _receipt(ref, changes)

    async def _change_donor(self, action: Action, *, key: str, version: str, actor: str) -> CrmReceipt:
        body = await self._donor_body(action)
        path = f"donors/{action.donor_id}"
        await self._patch(path, body, version, key, actor)
        return await self._changed(action.donor_id, key, path, body)

    async def _donor_body(self, action: Action) -> Json:
        match action:
            case UpdateStage():
                return {"lifecycle_stage": action.stage.value}
            case AssignOwner():
                return {"owner_id": action.owner_id}
            case AddToSegment():
                return {"segments": sorted({*await self._segments(action.donor_id), action.segment})}
            case RemoveFromSegment():
                return {"segments": [s for s in await self._segments(action.donor_id) if s != action.segment]}
            case _:
                raise AssertionError(action.kind)

    async def _segments(self, donor_id: str) -> list[str]:
        donor = await self._wire.get(f"donors/{donor_id}")
        return list(donor["segments"])

    async def _patch(self, path: str, body: Json, version: str, key: str, actor: str) -> None:
        headers = {"If-Match": f'"{version}"', "X-Change-Key": key}
        await self._wire.write("PATCH", path, body, actor=actor, headers=headers)

    async def _read_back(self, kind: str, answered: Json, sent: Mapping[str, Any]) -> CrmReceipt:
        record_id = _id_of(answered)
        try:
            held = await self._wire.get(f"{kind}/{record_id}")
        except DonorUnknown:
            raise NotThere(CRM) from None
        return _created(record_id, held, sent)

    async def _find_created(
        self, kind: str, donor_id: str, key: str, sent: Mapping[str, Any]
    ) -> CrmReceipt | None:
        held = await self._wire.every(f"donors/{donor_id}/{kind}")
        found = next((item for item in held if item.get("external_key") == key), None)
        return _created(found["id"], found, sent) if found else None

    async def _changes(self, key: str) -> list[Json]:
        return await self._wire.every("changes", change_key=key)

    async def _changed(self, ref: str, key: str, path: str, sent: Mapping[str, Any]) -> CrmReceipt:
        """Read the change history under *key*; where it is silent, the record itself has to hold it."""
        changes = await self._changes(key)
        if not changes:
            await check_it_holds(self._wire, path, sent)
        return _receipt(ref, changes)


def _id_of(answered: Json) -> str:
    """Return the id of what was written; an answer without one says nothing."""
    record_id = answered.get("id")
    if not isinstance(record_id, str):
        raise OutcomeUnknown(CRM)
    return record_id


def task_body(action: CreateTask | ScheduleFollowUp) -> Json:
    """Return what is written for a task or follow-up."""
    is_follow_up = isinstance(action, ScheduleFollowUp)
    how = f" ({action.channel.value})" if isinstance(action, ScheduleFollowUp) else ""
    return {
        "donor_id": action.donor_id,
        "kind": "follow_up" if is_follow_up else "task",
        "title": f"{action.title[: 255 - len(how)]}{how}",
        "details": action.details,
        "due_on": action.due_on.isoformat(),
        "assignee_id": action.assignee_id,
    }


def note_body(action: AddNote | DraftMessage) -> Json:
    """Return what is written for a note or a kept draft."""
    if isinstance(action, AddNote):
        text = action.text
    else:
        text = f"Draft ({action.channel.value}), not sent: {action.subject}\n\n{action.body}"
    return {"donor_id": action.donor_id, "text": text, "category": "general"}


def _created(record_id: str, held: Mapping[str, Any], sent: Mapping[str, Any]) -> CrmReceipt:
    shown = (
        ("Task", held.get("title")),
        ("Note", held.get("text")),
        ("Due", _day(held.get("due_on"))),
        ("Assigned to", (held["assignee_id"] or NOBODY) if "assignee_id" in held else None),
    )
    changes = tuple(
        FieldChange(record="new", field=label, before=NOTHING, after=str(value)[:200])
        for label, value in shown
        if value
    )
    return CrmReceipt(ref=record_id, changes=changes, verified=all(held.get(k) == v for k, v in sent.items()))


_FIELDS = {"owner_id": "Relationship owner", "assignee_id": "Assigned to"}
"""Fields whose name in the CRM is not what people call them."""


def _day(value: Any) -> str | None:
    return spell_date(date.fromisoformat(value)) if isinstance(value, str) else None


def _receipt(ref: str, changes: list[Json]) -> CrmReceipt:
    fields = tuple(
        FieldChange(
            record=ref,
            field=_FIELDS.get(change["field"]) or str(change["field"]).replace("_", " ").capitalize(),
            before=spell_value(change["before"]),
            after=spell_value(change["after"]),
        )
        for change in changes
    )
    return CrmReceipt(ref=ref, changes=fields, verified=bool(fields))


def spell_value(value: Any) -> str:
    """Spell a value of the CRM for people."""
    if value in (None, "", []):
        return NOTHING
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{k}: {v}" for k, v in value.items() if v is not None)
    return str(value)
