"""Two replicas over one PostgreSQL: what one of them stores rules the other at its very next decision.

Nothing but the database stands between them: no bell rings here, as if Redis were gone.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.util import await_only

from bot.policy_in_force import PolicyInForce
from bot.starting import settle_policy
from handlers.commands import ChatUser, CrmEventArrived, PolicyApprovalClicked, ReplyAddress
from handlers.context import Arrived, Write
from handlers.ports import Colleague
from handlers.proposals.recommend_next_step import recommend_next_step
from policy.decide import CompiledPolicy
from policy.escalation import EscalationState as S
from policy.events import CrmEvent, CrmEventType
from storage.database import Database
from storage.transaction import Transaction
from tests.handlers.conftest import KEYS, House, house_on
from tests.handlers.test_changing_policy import ADAM, CARMEN, LOOSER, STRICTER, _propose, _state, governed
from tests.handlers.test_pausing import _approve, _cards, _entries, _event, _pause, _resume
from tests.loop.databases import copied_postgres

pytestmark = pytest.mark.postgres
Pair = tuple[House, House]


@pytest.fixture
async def pair(template_of_postgres: tuple[str, str], default_policy: CompiledPolicy) -> AsyncIterator[Pair]:
    """The service twice, each with its own connections and its own compiled rules, after its first start."""
    with copied_postgres(*template_of_postgres) as url:
        one = governed(house_on(url, default_policy))
        await settle_policy(one.context, None)
        elsewhere = dataclasses.replace(
            one.context, database=Database.open(url, keys=KEYS), rules=PolicyInForce()
        )
        other = dataclasses.replace(one, context=elsewhere, dead=[])
        yield one, other
        await asyncio.gather(one.database.close(), other.database.close())


async def _agree_at_once(pair: Pair, clicks: list[tuple[str, Colleague]]) -> None:
    """Everybody's yes arrives, and both replicas work on what arrived at the same time."""
    for proposal_id, who in clicks:
        to = ReplyAddress(channel_id="CGOV", user_id=who.id)
        await pair[0].accept(
            PolicyApprovalClicked(proposal_id=proposal_id, by=ChatUser(id=who.id), reply_to=to)
        )
    for _ in range(3):
        await asyncio.gather(*(each.work(100) for each in pair))
        pair[0].clock.move(seconds=2)


async def _titles(pair: Pair) -> list[str]:
    return [(await each.database.read(each.context.rules.current)).policy.title for each in pair]


async def test_two_yeses_at_once_on_two_replicas_put_the_rules_in_force_once(pair: Pair) -> None:
    proposal = await _propose(pair[0], LOOSER)
    assert await _titles(pair) == ["Countersign default policy"] * 2
    await _agree_at_once(pair, [(proposal.id, ADAM), (proposal.id, CARMEN)])
    assert await _titles(pair) == ["Looser rules"] * 2
    kinds = [entry.kind for entry in await _entries(pair[0])]
    assert (kinds.count("policy.activated"), kinds.count("policy.approval_given")) == (2, 1)
    assert pair[0].dead == pair[1].dead == []


async def test_of_two_changes_decided_at_once_on_two_replicas_one_rules(pair: Pair) -> None:
    tighter = await _propose(pair[0], STRICTER)
    other = await _propose(pair[0], STRICTER.replace("Stricter rules", "Stricter still"))
    await _agree_at_once(pair, [(tighter.id, ADAM), (other.id, CARMEN)])
    states = sorted([await _state(pair[0], each) for each in (tighter, other)])
    assert states == ["in_force", "withdrawn"]
    assert len(set(await _titles(pair))) == 1
    assert pair[0].dead == pair[1].dead == []


async def test_a_pause_holds_the_other_replica_at_its_next_step(pair: Pair) -> None:
    one, other = pair
    await _event(one)
    await one.work_all()
    [card] = await _cards(one, S.OPEN)
    await _approve(one, card)
    await _pause(one, ADAM, "execute")
    await other.work_all()
    assert (await _cards(other, S.APPROVED), one.crm.written) == ([card], [])
    await _resume(one, ADAM, "execute")
    await other.work_all()
    assert (await _cards(other, S.EXECUTED), len(one.crm.written)) == ([card], 1)


async def test_two_proposals_in_one_matter_at_once_on_two_replicas_make_one_card(pair: Pair) -> None:
    """What a person puts forward waits for no event of the donor, which may lead to the same step."""
    ours, theirs = [await _weighed(house, number) for number, house in enumerate(pair)]
    written, other_waits = asyncio.Event(), asyncio.Event()

    def slowly(tx: Transaction) -> None:
        ours(tx)
        written.set()
        await_only(other_waits.wait())

    first = asyncio.ensure_future(pair[0].database.write(slowly))
    await written.wait()
    second = asyncio.ensure_future(pair[1].database.write(theirs))
    while not (second.done() or await pair[0].database.read(_somebody_waits)):
        await asyncio.sleep(0.01)
    other_waits.set()
    told = await asyncio.gather(first, second, return_exceptions=True)
    assert [str(each) for each in told] == ["None", "countersign: decided_meanwhile"]
    assert len(await _cards(pair[0], S.OPEN)) == 1


def _somebody_waits(tx: Transaction) -> bool:
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    query = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND {here}"
    return bool(tx.inbox._connection.execute(text(query)).scalar_one())


async def _weighed(house: House, number: int) -> Write:
    """Return what one replica is about to write of the gift that both were told of."""
    now = house.clock.now()
    arrived = Arrived(f"item-{number}", f"case-{number}", 1, now, now, house.ids)
    event = CrmEvent(
        id=f"event-{number}",
        source="crm",
        type=CrmEventType.DONATION_RECEIVED,
        time=now,
        donor_id="donor-1",
        record_id="gift-new",
    )
    return await recommend_next_step(CrmEventArrived(event=event), arrived, house.context)
