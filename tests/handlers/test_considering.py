"""How decisions were considered: measured honestly, told gently, and to managers only in aggregate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers.commands import ApprovalClicked, EvidenceRequested
from handlers.context import Arrived
from handlers.decisions.considering import consider, considered_by, content_of
from handlers.editing.fill_window import NOT_SHOWN
from handlers.outcomes import CardInFull, EvidenceShown, Notice
from handlers.proposals.escalation_view import card_of
from handlers.proposals.post_card import SHOWN_ANEW
from policy.considered import Figures
from policy.decide import CompiledPolicy
from policy.escalation import EscalationState
from tests.handlers.conftest import MANAGER, OWNER, STRANGER, house_in
from tests.handlers.test_editing import CALL, DONOR, TASK, Desk, _from

FASTER = "You approved in 1 s; the card takes about"


@pytest.fixture
async def desk(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[Desk]:
    with house_in(migrated, default_policy) as house:
        yield Desk(house)
        await house.database.close()


async def considered(desk: Desk, kind: str) -> dict[str, Any]:
    entries = await desk.house.database.read(lambda tx: tx.audit.trace(DONOR))
    payload = next(e.payload for e in reversed(entries) if e.kind == kind)
    assert payload is not None
    found: dict[str, Any] = payload["considered"]
    return found


def nudges(desk: Desk) -> list[str]:
    told = [shown.text for _, shown in desk.house.chat.whispers if isinstance(shown, Notice)]
    return [text for text in told if text.startswith("You approved in")]


async def test_an_approval_faster_than_reading_is_measured_and_told_privately(desk: Desk) -> None:
    await desk.open()
    desk.house.clock.move(seconds=1)
    await desk.click(ApprovalClicked)
    measured = await considered(desk, "escalation.approved")
    words = measured.pop("words_on_card")
    assert words > 8
    assert measured == {
        "seconds_since_shown": 1,
        "reading_seconds": round(words * 60 / 238),
        "opened_before": [],
        "words_changed": None,
        "faster_than_reading": True,
    }
    [(user, shown)] = [w for w in desk.house.chat.whispers if isinstance(w[1], Notice)]
    assert isinstance(shown, Notice)
    assert (user, shown.text) == (OWNER.id, f"{FASTER} {round(words * 60 / 238)} s to read.")
    assert shown.next_step == "Undo is on the card. Only you see this line."


async def test_who_took_their_time_and_looked_hears_nothing(desk: Desk) -> None:
    await desk.open()
    by, _ = _from(OWNER)
    other, _ = _from(STRANGER)
    for person, view in ((by, "V1"), (other, "V2")):
        await desk.house.accept(EvidenceRequested(escalation_id=desk.about, view_id=view, by=person))
    await desk.house.work_all()
    desk.house.clock.move(hours=2)
    await desk.click(ApprovalClicked)
    measured = await considered(desk, "escalation.approved")
    assert (measured["seconds_since_shown"], measured["faster_than_reading"]) == (7200, False)
    assert measured["opened_before"] == ["evidence"]
    assert nudges(desk) == []


async def test_a_card_that_cannot_be_changed_asks_no_more_once_it_is_shown_anew(desk: Desk) -> None:
    await desk.open()
    [(old, _)] = desk.house.chat.cards.items()
    desk.house.chat.frozen_messages |= {old}
    await desk.click(ApprovalClicked)
    [(new, shown)] = desk.house.chat.cards.items()
    assert (new != old, shown.status.state) == (True, EscalationState.EXECUTED)
    assert (shown.channel, f"replaced:{old}", SHOWN_ANEW) in desk.house.chat.posts


async def test_evidence_for_a_window_that_was_closed_disturbs_nobody(desk: Desk) -> None:
    await desk.open()
    desk.house.chat.closed_views |= {"V1"}
    by, _ = _from(OWNER)
    await desk.house.accept(EvidenceRequested(escalation_id=desk.about, view_id="V1", by=by))
    await desk.house.work_all()
    assert (desk.house.chat.views, desk.house.dead) == ([], [])


async def test_whoever_waits_for_what_slack_does_not_take_is_told_in_the_window(desk: Desk) -> None:
    await desk.open()
    desk.house.chat.too_large = frozenset({EvidenceShown})
    by, _ = _from(OWNER)
    await desk.house.accept(EvidenceRequested(escalation_id=desk.about, view_id="V1", by=by))
    await desk.house.work_all()
    assert desk.house.chat.views == [("V1", NOT_SHOWN)]
    assert desk.house.dead == [("fill_evidence", "view_too_large")], "and IT hears of it"


async def test_the_line_comes_a_few_times_a_week_at_most(desk: Desk) -> None:
    card = await desk.open()
    _, to = _from(OWNER)

    async def approve() -> int:
        now, ids = desk.house.clock.now(), desk.house.ids
        arrived = Arrived(ids.new(), ids.new(), 1, now, now, ids)
        await desk.house.database.write(lambda tx: consider(tx, arrived, card, OWNER.id, "approved", tell=to))
        await desk.house.work_all()
        return len(nudges(desk))

    assert [await approve() for _ in range(5)] == [1, 2, 3, 3, 3]
    desk.house.clock.move(days=8)
    other = replace(card, id="another")
    showing = await desk.house.database.read(
        lambda tx: tx.considerations.showing(card.id, content_of(card_of(card)))
    )
    assert showing is not None
    fresh = replace(showing, escalation_id=other.id, shown_at=desk.house.clock.now())
    await desk.house.database.write(lambda tx: tx.considerations.note_showing(fresh))
    card = other
    assert await approve() == 4


async def test_a_no_is_never_too_fast(desk: Desk) -> None:
    await desk.open()
    await desk.decline()
    assert (await considered(desk, "escalation.declined"))["faster_than_reading"] is False
    assert nudges(desk) == []


async def test_a_second_approver_is_not_blamed_for_a_card_that_was_long_there(desk: Desk) -> None:
    desk.house.crm.change(DONOR, sensitive=True)
    await desk.open()
    desk.house.clock.move(hours=1)
    await desk.click(ApprovalClicked, MANAGER)
    desk.house.clock.move(seconds=1)
    await desk.click(ApprovalClicked)
    measured = await considered(desk, "escalation.approved")
    assert measured["seconds_since_shown"] == 3601, "the approval of one changed nothing there is to read"


async def test_a_card_that_reads_differently_has_to_be_read_again(desk: Desk) -> None:
    desk.house.crm.change(DONOR, sensitive=True)
    await desk.open()
    desk.house.clock.move(hours=1)
    await desk.approve(await desk.version(stage="qualification"))
    edited = await considered(desk, "escalation.edited")
    assert (edited["seconds_since_shown"], edited["words_changed"], edited["opened_before"]) == (
        3600,
        1,
        ["edit_form"],
    )
    desk.house.clock.move(seconds=1)
    await desk.click(ApprovalClicked, MANAGER)
    measured = await considered(desk, "escalation.approved")
    assert (measured["seconds_since_shown"], measured["faster_than_reading"]) == (1, True)


async def test_what_nobody_noted_is_not_known_and_not_held_against_anybody(desk: Desk) -> None:
    await desk.open(CALL)
    card = await desk.now()
    await desk.house.database.write(lambda tx: desk.forget_showing(tx, card.id))
    await desk.click(ApprovalClicked)
    measured = await considered(desk, "escalation.approved")
    assert (measured["seconds_since_shown"], measured["words_on_card"]) == (None, None)
    assert (measured["reading_seconds"], measured["faster_than_reading"]) == (None, False)


async def test_people_see_their_own_figures_and_nobody_elses(desk: Desk) -> None:
    await desk.open()
    desk.house.clock.move(seconds=1)
    await desk.click(ApprovalClicked)
    now = desk.house.clock.now()
    read = desk.house.database.read
    at_once = await read(lambda tx: considered_by(tx, OWNER.id, now))
    own = await read(lambda tx: considered_by(tx, OWNER.id, now + timedelta(days=1)))
    anothers = await read(lambda tx: considered_by(tx, MANAGER.id, now + timedelta(days=1)))
    assert at_once.figures.decisions == 0, "up to now, and not this very moment"
    assert own.figures == Figures(decisions=1, median_seconds=1, looked=0, edited=0, faster=1)
    assert anothers.figures.decisions == 0


async def test_the_whole_card_is_shown_to_members_and_noted(desk: Desk) -> None:
    await desk.open(TASK)
    assert isinstance(await desk.read_in_full(OWNER), CardInFull)
    from_outside = await desk.read_in_full(desk.house.chat.people[-1])
    assert isinstance(from_outside, Notice)
    assert (await desk.kinds())[-2:] == ["card.read_in_full", "card.read_refused"]
    await desk.click(ApprovalClicked)
    assert (await considered(desk, "escalation.approved"))["opened_before"] == ["full_text"]
