"""Somebody says a text was not useful, and why; a wrong figure reaches whoever looks after the records."""

from __future__ import annotations

from dataclasses import replace

from handlers.commands import ChatUser, FeedbackGiven, ReplyAddress, SummaryRequested
from handlers.outcomes import FeedbackAsked, LinkShown, Notice, SummaryShown
from policy.organisation import Organisation
from tests.handlers.conftest import ORGANISATION, OWNER, House

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
    assert thanks.next_step.startswith("Whoever looks after the records")
    await said(house, shown.answer_id, "outdated")
    [(channel, report)] = [(c, o) for c, _, o in house.chat.posts if isinstance(o, LinkShown)]
    assert channel == "CDATA"
    assert report.text.startswith("Olivia Hart says of a text about Margaret Okafor: “A figure")
    assert report.url == "https://crm.example/donors/donor-1"
    entries = await house.database.read(lambda tx: tx.audit.trace("donor-1"))
    kinds = [entry.kind for entry in entries if entry.kind.startswith(("feedback", "record"))]
    assert kinds == ["feedback.given", "feedback.reason_given", "record.reported", "feedback.reason_given"]


async def test_what_is_only_not_to_somebodys_taste_troubles_nobody(house: House) -> None:
    await house.accept(SummaryRequested(query="Margaret Okafor", by=BY, reply_to=TO))
    await house.work_all()
    shown = house.chat.whispers[-1][1]
    assert isinstance(shown, SummaryShown)
    thanks = await said(house, shown.answer_id, "too_long")
    assert thanks == Notice(text="Thank you. Noted why.")
    assert house.chat.posts == []
