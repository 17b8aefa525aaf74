"""The CRM's tables: records by id and by donor, written to the journal before they are seen in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from bot.sandbox.journal import Journal

from .cloud_event import CloudEvent, Delivery
from .model import (
    Campaign,
    Change,
    Consent,
    Donor,
    Gift,
    Household,
    Interaction,
    Note,
    Pledge,
    Record,
    RecurringGift,
    Staff,
    Story,
    Task,
    World,
)

R = TypeVar("R", bound=Record)
_WORLD = "world"
_COUNTERS = "last-number"


class Table(Generic[R]):
    """The records of one kind, by id in order of arrival; a record never moves to another donor."""

    def __init__(self, kind: type[R], prefix: str, digits: int = 6) -> None:
        self.kind = kind
        self.prefix = prefix
        self._digits = digits
        self._last = 0
        self._rows: dict[str, R] = {}
        self._by_donor: dict[str, dict[str, None]] = {}

    def get(self, key: str) -> R | None:
        """The record, or None."""
        return self._rows.get(key)

    def of(self, donor_id: str) -> tuple[R, ...]:
        """The records that belong to a donor, in order of arrival."""
        return tuple(self._rows[key] for key in self._by_donor.get(donor_id, ()))

    def new_id(self) -> str:
        """An id that no record of this table had before, a deleted one's included."""
        self._last += 1
        return f"{self.prefix}-{self._last:0{self._digits}d}"

    @property
    def last_number(self) -> int:
        """The number in the youngest id."""
        return self._last

    def skip_to(self, number: int) -> None:
        """Never hand out a number up to *number* again."""
        self._last = max(self._last, number)

    def keep(self, key: str, record: R) -> None:
        """Insert or replace in memory only."""
        self._rows[key] = record
        donor_id = getattr(record, "donor_id", None)
        if donor_id is not None:
            self._by_donor.setdefault(donor_id, {})[key] = None
        number = key.rpartition("-")[2]
        if number.isdecimal():
            self.skip_to(int(number))

    def drop(self, key: str) -> None:
        """Remove from memory only."""
        old = self._rows.pop(key, None)
        if old is not None:
            self._by_donor.get(getattr(old, "donor_id", None) or "", {}).pop(key, None)

    def clear(self) -> None:
        """Forget every record in memory."""
        self._rows.clear()
        self._by_donor.clear()
        self._last = 0

    def __iter__(self) -> Iterator[R]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)


class Tables:
    """All tables of the CRM over one journal; what one `commit` is given is kept together or not at all."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.staff = Table(Staff, "staff")
        self.donors = Table(Donor, "donor", digits=4)
        self.households = Table(Household, "household", digits=4)
        self.consents = Table(Consent, "consent")
        self.gifts = Table(Gift, "gift")
        self.pledges = Table(Pledge, "pledge")
        self.recurring_gifts = Table(RecurringGift, "recurring")
        self.interactions = Table(Interaction, "interaction")
        self.notes = Table(Note, "note")
        self.campaigns = Table(Campaign, "campaign", digits=4)
        self.tasks = Table(Task, "task")
        self.changes = Table(Change, "change")
        self.stories = Table(Story, "story")
        self.events = Table(CloudEvent, "event")
        self.deliveries = Table(Delivery, "delivery")
        self.stale_rollups: frozenset[str] = frozenset()
        self._tables: dict[type[Record], Table[Any]] = {
            table.kind: table for table in vars(self).values() if isinstance(table, Table)
        }

    def commit(self, puts: Iterable[Record], deletes: Iterable[Record] = ()) -> None:
        """Write the records to the journal in one transaction, then show them."""
        puts, deletes = tuple(puts), tuple(deletes)
        with self._journal.transaction():
            for record in puts:
                self._journal.put(self._table(record).prefix, key_of(record), record.model_dump(mode="json"))
            for record in deletes:
                self._journal.delete(self._table(record).prefix, key_of(record))
            for table in {self._table(record) for record in (*puts, *deletes)}:
                self._journal.put(_COUNTERS, table.prefix, {"last": table.last_number})
        for record in puts:
            self._table(record).keep(key_of(record), record)
        for record in deletes:
            self._table(record).drop(key_of(record))

    def origin(self) -> str | None:
        """Where the world in the journal came from; None when the journal holds none."""
        return self._journal.load(_WORLD).get("origin", {}).get("value")

    def adopt(self, world: World) -> None:
        """Replace whatever the journal holds by *world*."""
        with self._journal.transaction():
            self._erase()
            self._journal.put(_WORLD, "stale_rollups", {"donor_ids": list(world.stale_rollups)})
            self.commit(records_of(world))
            self._journal.put(_WORLD, "origin", {"value": world.origin})
        self.stale_rollups = frozenset(world.stale_rollups)

    def restore(self) -> None:
        """Read every record back from the journal."""
        counters = self._journal.load(_COUNTERS)
        for table in self._tables.values():
            table.clear()
            for key, document in self._journal.load(table.prefix).items():
                table.keep(key, table.kind.model_validate(document))
            table.skip_to(counters.get(table.prefix, {}).get("last", 0))
        self.stale_rollups = frozenset(self._journal.load(_WORLD)["stale_rollups"]["donor_ids"])

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _table(self, record: Record) -> Table[Any]:
        return self._tables[type(record)]

    def _erase(self) -> None:
        for collection in (*(table.prefix for table in self._tables.values()), _COUNTERS, _WORLD):
            for key in self._journal.load(collection):
                self._journal.delete(collection, key)
        for table in self._tables.values():
            table.clear()


def key_of(record: Record) -> str:
    """The id of a record."""
    key = record.id  # type: ignore[attr-defined]  # every record in a table has an id
    return str(key)


def records_of(world: World) -> Iterator[Record]:
    """Every record of *world*, table by table."""
    for name in World.model_fields:
        rows = getattr(world, name)
        if isinstance(rows, tuple) and name != "stale_rollups":
            yield from rows
