"""Erased donors stay erased when a back-up is restored, and are struck out of records about others."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.erasure_list import ErasureList, ListNotWritten
from bot.export import verify
from bot.export.archive import Order, write_export
from bot.export.contents import Scope
from bot.restored import erase_restored
from handlers.context import Arrived
from handlers.decisions.follow_owner import look_at_owner
from handlers.proposals.escalation_view import card_of
from handlers.record.erase_again import ErasedAgain
from handlers.record.erase_donor import ErasureOrder, NotErased, erase_donor, look_in_others
from handlers.record.evidence import record
from handlers.refreshing import refresh_card
from policy.canonical import canonical_json
from policy.decide import CompiledPolicy
from storage.appending import AuditEntry
from storage.database import Database
from storage.erasure import Erased
from storage.holds import LegalHold
from storage.transaction import Transaction
from storage.vacuum import vacuum
from tests.handlers.conftest import KEYS, House, house_on

DONOR, NAME = "donor-1", "Margaret Okafor"
SPOUSE = "Cornelius Okafor"
FILE = "countersign.db"
ORDER = ErasureOrder(DONOR, "carmen@x.example", "cli:carmen", f"{NAME} asked for it")


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy, tmp_path: Path) -> AsyncIterator[House]:
    opened = house_on(f"sqlite:///{shutil.copy(migrated, tmp_path / FILE)}", default_policy)
    yield opened
    await opened.database.close()


def arrived(house: House) -> Arrived:
    now = house.clock.now()
    return Arrived(house.ids.new(), house.ids.new(), 1, now, now, house.ids)


async def gift(house: House) -> None:
    """A gift, after the start of the service, which is written down first."""
    at = arrived(house)
    await house.database.write(lambda tx: record(tx, at, "configuration.changed", subject=None))
    await house.gift(house.ids.new())


def found_in(path: Path) -> set[str]:
    held = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    return {each for each in (DONOR, NAME) if each.encode() in held}


async def test_a_back_up_does_not_bring_an_erased_donor_back(house: House, tmp_path: Path) -> None:
    await gift(house)
    path, back_up = tmp_path / FILE, tmp_path / "back-up"
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(back_up)) as target:
        source.backup(target)
    kept = ErasureList((tmp_path / "outside" / "erasures.jsonl",))
    at = arrived(house)
    done = await house.database.write(lambda tx: erase_donor(tx, at, ORDER, keep=kept.keep))
    assert isinstance(done, Erased)
    [line] = kept.lines()
    assert found_in(kept.files[0]) == set(), "the list says nothing of who it was"
    assert line.by == ORDER.by
    assert await erase_restored(kept, house.database, arrived(house)) == ErasedAgain()

    await house.database.close()
    shutil.copy(back_up, path)
    for more in ("-wal", "-shm"):
        path.with_name(path.name + more).unlink(missing_ok=True)
    house.context = replace(house.context, database=Database.open(f"sqlite:///{path}", keys=KEYS))
    assert found_in(path) == {DONOR, NAME}, "she is back"
    hold = LegalHold(donor_id=DONOR, reason="x", placed_by="y", placed_at=house.clock.now())
    await house.database.write(lambda tx: tx.holds.place(hold))
    held = await erase_restored(kept, house.database, arrived(house))
    assert (held.erased, len(held.waiting)) == (0, 1)
    await house.database.write(lambda tx: tx.holds.release(DONOR))
    assert await erase_restored(kept, house.database, arrived(house)) == ErasedAgain(erased=1)
    await house.work_all()
    assert vacuum(f"sqlite:///{path}")
    assert found_in(path) == set()
    [entry] = await house.database.read(lambda tx: tx.audit.of_kind("donor.erased"))
    assert entry.payload is not None
    assert "a back-up from before was restored" in entry.payload["reason"]
    assert (await house.database.read(lambda tx: tx.audit.verify())).ok

    await gift(house)
    assert await erase_restored(kept, house.database, arrived(house)) == ErasedAgain(), "she came back"
    assert await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))


async def test_nothing_that_was_done_once_about_a_donor_stays(house: House, tmp_path: Path) -> None:
    await gift(house)
    at = arrived(house)
    await house.database.write(lambda tx: look_at_owner(tx, at, DONOR))
    await house.work_all()
    read_only = house.context.organisation.model_copy(update={"rollout_phase": 1})
    house.context = replace(house.context, organisation=read_only)
    await gift(house)
    done = await house.database.write(lambda tx: erase_donor(tx, arrived(house), ORDER))
    assert isinstance(done, Erased)
    assert done.rows["occurrences"] == 1
    assert vacuum(f"sqlite:///{tmp_path / FILE}")
    assert found_in(tmp_path / FILE) == set()


async def test_nobody_is_erased_whose_erasure_could_not_be_remembered(house: House, tmp_path: Path) -> None:
    await gift(house)
    (tmp_path / "file").write_text("in the way")
    kept, at = ErasureList((tmp_path / "file" / "erasures.jsonl",)), arrived(house)
    with pytest.raises(ListNotWritten):
        await house.database.write(lambda tx: erase_donor(tx, at, ORDER, keep=kept.keep))
    assert await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))
    spare = ErasureList((*kept.files, tmp_path / "spare" / "erasures.jsonl"))
    await house.database.write(lambda tx: erase_donor(tx, at, ORDER, keep=spare.keep))
    assert len(spare.lines()) == 1, "one place is enough"


def about(number: int, donor_id: str | None, **payload: Any) -> AuditEntry:
    at = datetime(2026, 11, 19, 9, 0, number, tzinfo=UTC)
    return AuditEntry(
        id=f"other-{number}",
        at=at,
        kind="x",
        correlation_id="c",
        subject=donor_id,
        actor="a",
        payload=payload,
    )


async def payload(house: House, number: int) -> dict[str, Any] | None:
    found = await house.database.read(lambda tx: tx.audit.get(f"other-{number}"))
    return found.payload if found else None


async def test_an_erased_donor_is_struck_out_of_what_is_recorded_about_others(
    house: House, tmp_path: Path
) -> None:
    await gift(house)
    spouse = {"text": f"{NAME.upper()} and Paul", "members": [DONOR, "donor-2"]}

    def add(tx: Transaction) -> None:
        tx.audit.append(about(1, "donor-2", household=spouse, note="kept"))
        tx.audit.append(about(2, "donor-3", text=f"A namesake, {NAME}"))
        tx.audit.append(about(3, None, list=[{"donor": DONOR}]))
        tx.audit.append(about(4, "donor-4", text="Margaret Okaforson of donor-11"))

    await house.database.write(add)
    looked = await house.database.read(lambda tx: look_in_others(tx, ORDER))
    at = arrived(house)
    done = await house.database.write(lambda tx: erase_donor(tx, at, ORDER, looked=looked))
    assert isinstance(done, Erased)
    assert {each.entry_id for each in done.redacted} == {"other-1", "other-3"}
    assert [(each.entry_id, each.donor_id) for each in done.left] == [("other-2", "donor-3")]
    assert await payload(house, 1) == {
        "household": {"text": "[erased] and Paul", "members": ["[erased]", "donor-2"]},
        "note": "kept",
    }
    assert await payload(house, 3) == {"list": [{"donor": "[erased]"}]}
    assert await payload(house, 4) == {"text": "Margaret Okaforson of donor-11"}
    [said] = await house.database.read(lambda tx: tx.audit.of_kind("donor.erased"))
    assert said.payload is not None
    assert said.payload["reason"] == "[erased] asked for it"
    report = await house.database.read(lambda tx: tx.audit.verify())
    assert (report.ok, report.redacted, report.erased) == (True, 2, done.payloads)

    again = replace(ORDER, also_called=(NAME,), redact_names=True)
    more = await house.database.write(lambda tx: erase_donor(tx, arrived(house), again))
    assert isinstance(more, Erased)
    assert await payload(house, 2) == {"text": "A namesake, [erased]"}
    assert isinstance(
        await house.database.write(lambda tx: erase_donor(tx, arrived(house), again)), NotErased
    )
    report = await house.database.read(lambda tx: tx.audit.verify())
    assert (report.ok, report.redacted) == (True, 3)

    exported = tmp_path / "export.zip"
    await house.database.write(lambda tx: tx.checkpoints.sign(house.clock.now()))
    everything = Order(Scope(), "compliance", "carmen@x.example", house.clock.now())
    await house.database.read(lambda tx: write_export(tx, exported, everything))
    checked = subprocess.run(
        [sys.executable, "-I", verify.__file__, str(exported)], capture_output=True, text=True, check=True
    )
    assert "3 payloads were rewritten when a person named in them was erased" in checked.stdout

    def meddle(tx: Transaction) -> None:
        tx.audit.connection.execute(text("DELETE FROM audit_payloads WHERE entry_id = 'other-2'"))
        tx.audit.connection.execute(
            text("UPDATE audit_payloads SET payload = x'00' WHERE entry_id = 'other-1'")
        )

    await house.database.write(meddle)
    report = await house.database.read(lambda tx: tx.audit.verify())
    first = await house.database.read(lambda tx: tx.audit.get("other-1"))
    assert first is not None
    assert report.first_bad == (first.seq, "payload changed")


async def test_the_card_of_somebody_else_no_longer_names_who_was_erased(house: House) -> None:
    await gift(house)
    [opened] = await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))
    waits = f"Create a task: call {SPOUSE} about the missed payment"
    card = canonical_json(card_of(opened).model_copy(update={"held_back": (waits,)}))
    at = arrived(house)

    def name(tx: Transaction) -> None:
        tx.audit.append(about(9, "donor-2", member={"id": "donor-2", "name": SPOUSE}))
        tx.escalations.amend(opened.id, opened.revision, card=card)
        refresh_card(tx, at, opened, again=":named")

    await house.database.write(name)
    await house.work_all()
    assert [shown.card.held_back for shown in house.chat.cards.values()] == [(waits,)]
    order = ErasureOrder("donor-2", "carmen@x.example", "cli:carmen", "", also_called=(SPOUSE,))
    await house.database.write(lambda tx: erase_donor(tx, arrived(house), order))
    await house.work_all()
    [shown] = house.chat.cards.values()
    assert shown.card.held_back == ("Create a task: call [erased] about the missed payment",)
