"""The writes of the CRM: the record with its new version, its change history and its event in one commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar

from pydantic import BaseModel, JsonValue, TypeAdapter

from .bodies import ConsentBody, DonorPatch, GiftPatch, NoteBody, TaskBody, TaskPatch
from .cloud_event import EventType
from .days import day_of
from .model import Campaign, Change, Consent, Donor, Gift, Note, Record, Task, Versioned
from .outcomes import gone, invalid, merged, not_found, stale
from .tables import Table, Tables

R = TypeVar("R", bound=Record)
V = TypeVar("V", bound=Versioned)
Clock = Callable[[], datetime]
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


class Announcer(Protocol):
    """Turns what happened into events that are owed to the webhook."""

    def announce(self, kind: EventType, subject: str, data: dict[str, JsonValue]) -> tuple[Record, ...]:
        """The event and its delivery, to be committed with the change itself."""

    def committed(self, records: Iterable[Record]) -> None:
        """The records are on disk: tell whoever watches and start delivering."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, as the change history will name them, and the key that lets them find their write again."""

    actor: str
    change_key: str | None = None

    @property
    def is_bot(self) -> bool:
        """Whether this is the assistant that listens to our events."""
        return self.actor.startswith("countersign")


class Store:
    """The CRM's records and the writes its REST API offers."""

    def __init__(self, tables: Tables, clock: Clock, announcer: Announcer) -> None:
        self.tables = tables
        self.clock = clock
        self._announcer = announcer

    def require(self, table: Table[R], key: str) -> R:
        """The record, or the 404 that says which is missing."""
        record = table.get(key)
        if record is None:
            raise not_found(table.prefix, key)
        return record

    def writable(self, donor_id: str) -> Donor:
        """The donor, or the refusal of a write to an unknown or merged one."""
        donor = self.require(self.tables.donors, donor_id)
        if donor.merged_into is not None:
            raise merged(donor_id, donor.merged_into)
        return donor

    def change_donor(self, donor_id: str, patch: DonorPatch, seen: str, by: Author) -> Donor:
        """Replace the fields sent if the donor is still at version *seen*."""
        donor = self.writable(donor_id)
        fields = patch.sent()
        self._check_staff(fields.get("owner_id"))
        return self._change(donor, fields, seen, by)

    def acknowledge_gift(self, gift_id: str, patch: GiftPatch, seen: str, by: Author) -> Gift:
        """Set the acknowledgement of a gift if it is still at version *seen*."""
        gift = self.require(self.tables.gifts, gift_id)
        return self._change(gift, {"acknowledgement": patch.acknowledgement}, seen, by)

    def put_task(self, external_key: str, body: TaskBody, by: Author) -> tuple[Task, bool]:
        """The task with this key and whether it was created just now; a repeat changes nothing.

        Nor does one that comes after the task was deleted: it was only held up on its way.
        """
        existing = next((t for t in self.tables.tasks if t.external_key == external_key), None)
        if existing is not None:
            return existing, False
        self._refuse_used("task", external_key)
        self.writable(body.donor_id)
        self._check_staff(body.assignee_id)
        task = Task(
            id=self.tables.tasks.new_id(),
            **dict(body),
            created_by=by.actor,
            external_key=external_key,
            created_at=self.clock(),
        )
        self.commit(task, self.change(task, "task", None, task.title, by))
        return task, True

    def change_task(self, task_id: str, patch: TaskPatch, seen: str | None, by: Author) -> Task:
        """Replace the fields sent; *seen* None does not ask for a version."""
        task = self.require(self.tables.tasks, task_id)
        fields = patch.sent()
        self._check_staff(fields.get("assignee_id"))
        return self._change(task, fields, seen, by)

    def delete_task(self, task_id: str, seen: str | None, by: Author) -> None:
        """Remove a task; what it was called stays in the change history. *seen* as for `change_task`."""
        task = self.require(self.tables.tasks, task_id)
        if seen is not None and seen not in (task.version, "*"):
            raise stale(task_id, seen)
        self.commit(self.change(task, "task", task.title, None, by), deletes=[task])

    def put_note(self, external_key: str, body: NoteBody, by: Author) -> tuple[Note, bool]:
        """The note with this key and whether it was created just now; repeats are as for a task."""
        existing = next((n for n in self.tables.notes if n.external_key == external_key), None)
        if existing is not None:
            return existing, False
        self._refuse_used("note", external_key)
        self.writable(body.donor_id)
        self._check_staff(body.author_id)
        note = Note(
            id=self.tables.notes.new_id(), **dict(body), written_at=self.clock(), external_key=external_key
        )
        events = () if by.is_bot else self.event("note.added", note.donor_id, {"note_id": note.id})
        self.commit(note, self.change(note, "note", None, note.id, by), *events)
        return note, True

    def delete_note(self, note_id: str, by: Author) -> None:
        """Remove a note; its text does not stay in the change history."""
        note = self.require(self.tables.notes, note_id)
        self.commit(self.change(note, "note", note.id, None, by), deletes=[note])

    def add_consent(self, donor_id: str, body: ConsentBody, by: Author) -> tuple[Consent, bool]:
        """Append a row to the ledger, and say whether it was appended just now: a repeat of its key is not.

        Nothing in it is ever changed.
        """
        made = [self.tables.consents.get(change.record_id) for change in self._changes_under(by.change_key)]
        existing = next((consent for consent in made if consent is not None), None)
        if existing is not None:
            return existing, False
        self.writable(donor_id)
        # East of Greenwich it may be tomorrow already.
        if body.captured_on > day_of(self.clock()) + timedelta(days=1):
            raise invalid("captured_on: a consent cannot be captured in the future")
        consent = Consent(id=self.tables.consents.new_id(), donor_id=donor_id, **dict(body))
        change = self.change(
            consent, f"consent.{consent.channel}.{consent.purpose}", None, consent.status, by
        )
        self.commit(consent, change, *self.updated(donor_id, ["consents"], by))
        return consent, True

    def commit(self, *puts: Record, deletes: Iterable[Record] = ()) -> None:
        """Keep the records and tell whoever watches."""
        deletes = tuple(deletes)
        self.tables.commit(puts, deletes)
        self._announcer.committed((*puts, *deletes))

    def event(self, kind: EventType, subject: str, data: dict[str, JsonValue]) -> tuple[Record, ...]:
        """The records of an event about a donor, to be committed with its cause."""
        return self._announcer.announce(kind, subject, {"donor_id": subject, **data})

    def campaign_moved(self, campaign: Campaign) -> tuple[Record, ...]:
        """The records of a campaign.status_changed event."""
        data: dict[str, JsonValue] = {"campaign_id": campaign.id, "status": campaign.status}
        return self._announcer.announce("campaign.status_changed", campaign.id, data)

    def updated(self, donor_id: str, fields: list[str], by: Author) -> tuple[Record, ...]:
        """The records of a donor.updated event; it names the actor so that they can skip their own."""
        return self.event("donor.updated", donor_id, {"fields": [*fields], "actor": by.actor})

    def change(self, record: Record, field: str, before: object, after: object, by: Author) -> Change:
        """An entry of the change history."""
        record_id = str(record.id)  # type: ignore[attr-defined]  # every record in a table has an id
        owner = record_id if isinstance(record, Donor) else getattr(record, "donor_id", None)
        return Change(
            id=self.tables.changes.new_id(),
            donor_id=owner,
            record_id=record_id,
            field=field,
            before=_json(before),
            after=_json(after),
            at=self.clock(),
            by=by.actor,
            external_key=by.change_key,
        )

    def _change(self, record: V, fields: dict[str, object], seen: str | None, by: Author) -> V:
        if seen is not None and seen not in (record.version, "*"):
            raise stale(str(getattr(record, "id", "")), seen)
        moved = {name: value for name, value in fields.items() if getattr(record, name) != value}
        if not moved:
            return record
        stamp = {"modified_at": self.clock()} if "modified_at" in type(record).model_fields else {}
        after = record.changed(**moved, **stamp)
        history = [self.change(record, f, getattr(record, f), value, by) for f, value in moved.items()]
        events = self.updated(record.id, sorted(moved), by) if isinstance(record, Donor) else ()
        self.commit(after, *history, *events)
        return after

    def _changes_under(self, key: str | None) -> list[Change]:
        return [change for change in self.tables.changes if key and change.external_key == key]

    def _refuse_used(self, kind: str, external_key: str) -> None:
        if any(change.field == kind for change in self._changes_under(external_key)):
            raise gone(external_key)

    def _check_staff(self, staff_id: object) -> None:
        if staff_id is not None and self.tables.staff.get(str(staff_id)) is None:
            raise invalid(f"There is no member of staff {staff_id}.")


def _json(value: object) -> JsonValue:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    return _JSON.validate_python(value)
