"""Somebody says a text was not useful, and why; a wrong figure reaches whoever looks after the records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.commands import (
    ChatUser,
    CleanupFixed,
    CleanupGivenUp,
    FeedbackGiven,
    ReplyAddress,
    SummaryRequested,
)
from handlers.outcomes import FeedbackAsked, Notice, SummaryShown
from policy.organisation import Organisation
from tests.handlers.conftest import MANAGER, ORGANISATION, OWNER, House

BY = ChatUser(id=OWNER.id)
TO = ReplyAddress(channel_id="C1", user_id=OWNER.id)


async def said(house: House, answer_id: str, reason: str = "") -> object:
    given = FeedbackGiven(answer_id=answer_id, value="not_useful", reason=reason, by=BY, reply_to=TO)
    await house.accept(given)
    await house.work_all()
    return house.chat.whispers[-1][1]


async def test_a_wrong_figure_is_counted_and_the_record_looked_at_once(house: House) -> None:
    organisation = Organisation.model_validate(
        ORGANISATION.model_dump()
        | {"data_channel": "CDATA", "crm_record_url": "https://crm.example/donors/{donor_id}"}
    )
    house = replace(house, context=replace(house.context, organisation=organisation))
    await house.accept(SummaryRequested(query="Margaret Okafor", by=BY, reply_to=TO))
    await house.work_all()
    shown = house.chat.whispers[-1][1]
    assert isinstance(shown, SummaryShown)
    asked = await said(house, shown.answer_id)
    assert isinstance(asked, FeedbackAsked)
    assert asked.answer_id == shown.answer_id
    thanks = await said(house, shown.answer_id, "wrong_figure")
    assert isinstance(thanks, Notice)
    assert thanks.next_step.startswith("The record is on the list of those to put right")
    await said(house, shown.answer_id, "outdated")
    [(channel, card)] = house.chat.cleanups.values()
    assert (channel, card.asked_by, card.donor.name, card.waiting) == (
        "CDATA",
        OWNER.name,
        "Margaret Okafor",
        "",
    )
    assert card.reason == "A figure, a name or a date is wrong"
    assert card.donor.record_url == "https://crm.example/donors/donor-1"
    entries = await house.database.read(lambda tx: tx.audit.trace("donor-1"))
    kinds = [entry.kind for entry in entries if entry.kind.startswith(("feedback", "record"))]
    assert kinds == ["feedback.given", "feedback.reason_given", "record.reported", "feedback.reason_given"]


@pytest.mark.parametrize(
    ("answered", "state", "heard"),
    [
        (CleanupFixed, "fixed", "Mara Lindqvist says that the record is put right now."),
        (CleanupGivenUp, "not_fixed", "Mara Lindqvist could not put the record right: “the scan is lost”"),
    ],
)
async def test_whoever_said_so_hears_what_became_of_it(
    house: House, answered: type[CleanupFixed | CleanupGivenUp], state: str, heard: str
) -> None:
    await house.accept(SummaryRequested(query="Margaret Okafor", by=BY, reply_to=TO))
    await house.work_all()
    shown = house.chat.whispers[-1][1]
    assert isinstance(shown, SummaryShown)
    await said(house, shown.answer_id, "outdated")
    [item] = await house.database.read(lambda tx: tx.cleanup.unfinished(9))
    note = {"note": "the scan is lost"} if answered is CleanupGivenUp else {}
    to = ReplyAddress(channel_id="C1", user_id=MANAGER.id)
    command = answered(item_id=item.id, by=ChatUser(id=MANAGER.id), reply_to=to, **note)  # type: ignore[arg-type]
    await house.accept(command)
    await house.work_all()
    user, told = house.chat.whispers[-1]
    assert isinstance(told, Notice)
    assert (user, told.text) == (
        OWNER.id,
        f"You said of a text about Margaret Okafor: “The record is out of date”. {heard}",
    )
    [(_, card)] = house.chat.cleanups.values()
    assert (card.state, card.answered_by) == (state, MANAGER.name)
    assert await house.database.read(lambda tx: tx.cleanup.unfinished(9)) == []
    # Once it was dealt with, the next report of it is a new item.
    await said(house, shown.answer_id, "wrong_figure")
    assert len(await house.database.read(lambda tx: tx.cleanup.unfinished(9))) == 1


async def test_what_is_only_not_to_somebodys_taste_troubles_nobody(house: House) -> None:
    await house.accept(SummaryRequested(query="Margaret Okafor", by=BY, reply_to=TO))
    await house.work_all()
    shown = house.chat.whispers[-1][1]
    assert isinstance(shown, SummaryShown)
    thanks = await said(house, shown.answer_id, "too_long")
    assert thanks == Notice(text="Thank you. Noted why.")
    assert house.chat.posts == []


async def test_two_reports_of_one_record_are_one_item_that_names_both(house: House) -> None:
    texts = []
    for person in (OWNER, MANAGER):
        to = ReplyAddress(channel_id="C1", user_id=person.id)
        by = ChatUser(id=person.id)
        await house.accept(SummaryRequested(query="Margaret Okafor", by=by, reply_to=to))
        await house.work_all()
        shown = house.chat.whispers[-1][1]
        assert isinstance(shown, SummaryShown)
        texts.append((person, by, to, shown.answer_id))
    for (_, by, to, answer_id), reason in zip(texts, ("outdated", "wrong_figure"), strict=True):
        for _ in range(2):  # pressing twice names nobody twice
            await house.accept(
                FeedbackGiven(answer_id=answer_id, value="not_useful", reason=reason, by=by, reply_to=to)
            )
            await house.work_all()
    [item] = await house.database.read(lambda tx: tx.cleanup.unfinished(9))
    [(_, card)] = house.chat.cleanups.values()
    assert (card.asked_by, card.reason) == (OWNER.name, "The record is out of date")
    assert [(each.name, each.reason) for each in card.also] == [
        (MANAGER.name, "A figure, a name or a date is wrong")
    ]
    before = len(house.chat.whispers)
    await house.accept(CleanupFixed(item_id=item.id, by=ChatUser(id=MANAGER.id), reply_to=texts[1][2]))
    await house.work_all()
    told = [(user, said) for user, said in house.chat.whispers[before:] if isinstance(said, Notice)]
    assert sorted(user for user, _ in told) == sorted([OWNER.id, MANAGER.id])
