"""Real handlers over a real database file, with the world outside played by `tests/fakes.py`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.files import read_policy
from handlers.commands import COMMAND, Command, CrmEventArrived
from handlers.context import Arrived, Context, Discard, NotBefore
from handlers.effects import EFFECT
from handlers.ports import Colleague, OutcomeUnknown, Refused, Unavailable
from handlers.record.case import case_of
from handlers.record.evidence import witnessed
from handlers.tables import ARRIVALS, DEPARTURES
from policy.decide import CompiledPolicy
from policy.donor import Acknowledgement, Donor, Gift, StaffMember
from policy.events import CrmEvent, CrmEventType
from policy.money import Money
from policy.organisation import Organisation, Person
from storage.database import Database
from storage.escalations import Escalation
from storage.keys import KeyRing
from storage.lease import Item
from storage.queue import Received
from storage.transaction import Transaction
from tests.databases import fresh_sqlite
from tests.fakes import FakeChat, FakeCrm, FixedRules, HandClock, NumberedIds

KEYS = KeyRing(bytes(32))
LEASE = timedelta(seconds=60)
OWNER = Colleague("UOWNER", "Olivia Hart", "olivia@x.example", "America/New_York", is_full_member=True)
MANAGER = Colleague("UMANAGER", "Mara Lindqvist", "mara@x.example", "America/New_York", is_full_member=True)
STRANGER = Colleague("USTRANGER", "Fiona Reyes", "fiona@x.example", "Europe/Berlin", is_full_member=True)
GUEST = Colleague("UGUEST", "Gus Guest", "gus@y.example", "Europe/Berlin", is_full_member=False)
PEOPLE = (OWNER, MANAGER, STRANGER, GUEST)

ORGANISATION = Organisation(
    time_zone="America/New_York",
    review_channel="CDESK",
    cards_per_day=500,
    people=(
        Person(email=OWNER.email, roles=("owner",), channel="COWNER"),
        Person(email=MANAGER.email, roles=("manager",)),
    ),
)


@dataclass
class House:
    """The handlers with everything they need, and a worker that does one thing at a time."""

    context: Context
    crm: FakeCrm
    chat: FakeChat
    clock: HandClock
    ids: NumberedIds
    accepted: int = 0
    dead: list[tuple[str, str]] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.context.database

    async def accept(self, command: Command, order: str | None = None, key: str | None = None) -> str:
        """Store *command* as a door would; return the key by which a repetition is known."""
        self.accepted += 1
        key = key or f"key-{self.accepted}"
        received = Received(
            id=self.ids.new(),
            source="test",
            dedupe_key=key,
            kind=command.type,
            entity_key=order,
            body=command.model_dump_json().encode(),
            correlation_id=self.ids.new(),
            received_at=self.clock.now(),
        )
        await self.database.write(lambda tx: tx.inbox.accept(received))
        return key

    async def work(self, most: int = 1) -> int:
        """Handle up to *most* due items, the inbox's before the outbox's; return how many there were."""
        done = 0
        while done < most:
            item, inbound = await self._claim()
            if item is None:
                break
            await self._handle(item, inbound=inbound)
            done += 1
        return done

    async def work_all(self) -> None:
        """Handle whatever is due, and what comes of it."""
        assert await self.work(500) < 500, "it never ends"

    async def gift(self, event_id: str = "evt-1") -> list[Escalation]:
        """Report Margaret's new gift and do all that comes of it; return what is open about her."""
        event = CrmEvent(
            id=event_id,
            source="/crm",
            type=CrmEventType.DONATION_RECEIVED,
            time=self.clock.now(),
            donor_id="donor-1",
            record_id="gift-new",
        )
        await self.accept(CrmEventArrived(event=event), order="donor:donor-1")
        await self.work_all()
        return await self.database.read(lambda tx: tx.escalations.open_for_donor("donor-1"))

    async def _claim(self) -> tuple[Item | None, bool]:
        now = self.clock.now()
        for inbound in (True, False):
            items = await self.database.write(
                lambda tx, inbound=inbound: (tx.inbox if inbound else tx.outbox).claim(  # type: ignore[misc]
                    owner="worker", now=now, lease=LEASE, limit=1
                )
            )
            if items:
                return items[0], inbound
        return None, False

    async def _handle(self, item: Item, *, inbound: bool) -> None:
        """What the worker does, without its patience: try again a second later, or set aside."""
        message = (COMMAND if inbound else EFFECT).validate_json(item.body)
        case = await self.database.read(lambda tx: case_of(tx, message))
        arrived = Arrived(
            item_id=item.id,
            correlation_id=case or item.correlation_id,
            attempts=item.attempts,
            first_attempt_at=item.first_attempt_at,
            now=self.clock.now(),
            ids=self.ids,
            position=item.place.position if item.place else None,
        )
        handler = (ARRIVALS if inbound else DEPARTURES)[type(message)]

        def settle(tx: Transaction) -> None:
            write(tx)
            (tx.inbox if inbound else tx.outbox).finish(item, arrived.now)

        try:
            write = await handler(message, arrived, self.context)
            if inbound:
                write = witnessed(message, arrived, write)
            await self.database.write(settle)
        except (Unavailable, OutcomeUnknown):
            again = arrived.now + timedelta(seconds=1)
            await self.database.write(
                lambda tx: (tx.inbox if inbound else tx.outbox).retry(item, arrived.now, again, "unavailable")
            )
        except NotBefore as later:
            moment, code = later.moment, later.code
            await self.database.write(
                lambda tx: (tx.inbox if inbound else tx.outbox).park(item, moment, code)
            )
        except (Discard, Refused) as reason:
            self.dead.append((item.kind, reason.code))
            await self.database.write(
                lambda tx: (tx.inbox if inbound else tx.outbox).bury(item, arrived.now, "refused")
            )


def margaret() -> Donor:
    """A donor we are winning back."""
    return Donor(
        id="donor-1", version="v1", name="Margaret Okafor", owner_id="staff-1", lifecycle_stage="reactivation"
    )  # type: ignore[arg-type]


def gifts_of_margaret() -> list[Gift]:
    """Gifts long ago, and one today that nobody has thanked for."""
    usual = Money(minor=5_000, currency="USD")
    thanked = Acknowledgement(status="acknowledged")
    return [
        *(
            Gift(
                id=f"gift-{year}",
                donor_id="donor-1",
                amount=usual,
                received_on=date(year, 3, 3),
                acknowledgement=thanked,
            )
            for year in (2019, 2020, 2021)
        ),
        Gift(
            id="gift-new",
            donor_id="donor-1",
            amount=usual,
            received_on=date(2026, 11, 20),
            acknowledgement=Acknowledgement(status="needed"),
        ),
    ]


@pytest.fixture(scope="session")
def default_policy() -> CompiledPolicy:
    return read_policy(None)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("handlers") / "template.db"
    fresh_sqlite(path)
    return path


@contextmanager
def house_in(migrated: Path, policy: CompiledPolicy) -> Iterator[House]:
    """A house of its own; its database must be closed by the caller."""
    with TemporaryDirectory() as folder:
        path = shutil.copy(migrated, Path(folder) / "countersign.db")
        yield house_on(f"sqlite:///{path}", policy)


def house_on(url: str, policy: CompiledPolicy) -> House:
    """A house over the database at *url*, which must be closed by the caller."""
    clock, ids = HandClock(), NumberedIds()
    crm = FakeCrm(clock, (StaffMember(id="staff-1", name=OWNER.name, email=OWNER.email),))
    crm.add(margaret())
    crm.gifts += gifts_of_margaret()
    chat = FakeChat(PEOPLE)
    context = Context(
        database=Database.open(url, keys=KEYS),
        crm=crm,
        chat=chat,
        assistant=None,
        clock=clock,
        ids=ids,
        rules=FixedRules(lambda: policy),
        stream=None,
        organisation=ORGANISATION,
    )
    return House(context, crm, chat, clock, ids)
