"""What is stored beside the log is held to the log: edited by hand, each table is found out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from handlers.commands import ApprovalClicked, ChatUser, ReplyAddress
from policy.decide import CompiledPolicy
from storage.transaction import Transaction
from tests.handlers.conftest import OWNER, House, house_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    """A house in which one thank-you was proposed, approved and carried out, and a checkpoint signed."""
    with house_in(migrated, default_policy) as house:
        [about] = await house.gift()
        by, reply_to = ChatUser(id=OWNER.id), ReplyAddress(channel_id="C1", user_id=OWNER.id)
        await house.accept(ApprovalClicked(escalation_id=about.id, by=by, reply_to=reply_to))
        await house.work_all()
        await house.database.write(
            lambda tx: tx.policies.keep("ab" * 32, "rules", "policy: 1\n", house.clock.now())
        )
        yield house
        await house.database.close()


class _PutBack(Exception):
    """Ends a transaction that is to leave nothing."""


async def test_an_honest_database_contradicts_nothing(house: House) -> None:
    assert await house.database.read(lambda tx: tx.audit.contradictions()) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE escalations SET state = 'declined'", "is declined, and by the log it is executed"),
        ("UPDATE escalations SET state = 'open'", "is open, and by the log it is executed"),
        ("UPDATE escalations SET decided_by = 'UOTHER'", "names UOTHER, who did nothing about it by the log"),
        ("UPDATE escalations SET correlation_id = 'x'", "was put in: no entry says that it was opened"),
        ("DELETE FROM escalations", "a decision that was opened is gone (reference"),
        ("UPDATE escalations SET donor_id = 'donor-2'", "entries about donor-2 stand under another donor"),
        (
            "UPDATE audit_subjects SET donor_id = 'donor-2' WHERE donor_id = 'donor-1'",
            "entries about donor-1 stand under another donor",
        ),
        ("DELETE FROM interactions WHERE number = 0", "entries are missing from the figures"),
        ("UPDATE interactions SET at = at + 1", "counted interactions are not those of an entry"),
        (
            "UPDATE interactions SET entry_id = 'x' || entry_id",
            "counted interactions are not those of an entry",
        ),
        (
            "UPDATE interaction_groups SET kind = 'declined' WHERE kind = 'approved'",
            "1 interactions are counted as something else than happened",
        ),
        ("UPDATE policy_versions SET source = source || ' '", "is not the one that was stored"),
        (
            "UPDATE audit_excerpts SET excerpt = excerpt || x'00'",
            "1 excerpts of entries are not what was stored",
        ),
    ],
)
async def test_what_was_edited_by_hand_is_found(house: House, statement: str, found: str) -> None:
    said: list[str] = []

    def meddle(tx: Transaction) -> None:
        tx.audit.connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        changed = tx.audit.connection.execute(text(statement)).rowcount
        assert changed > 0
        said.extend(tx.audit.contradictions())
        raise _PutBack

    with pytest.raises(_PutBack):
        await house.database.write(meddle)
    assert [each for each in said if found in each], said
