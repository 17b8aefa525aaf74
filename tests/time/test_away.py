"""Out of office: who decides meanwhile, what they are told, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handlers.commands import ApprovalClicked, ChatUser, QueueRequested, ReplyAddress
from handlers.outcomes import DecisionList, Notice, QueueShown
from policy.escalation import EscalationState
from storage.escalations import Escalation
from tests.handlers.conftest import GUEST, MANAGER, OWNER, STRANGER, House
from tests.time.conftest import come_back, kinds, leave, now, opened, whispered

S = EscalationState


async def approve(house: House, escalation: Escalation, who: str) -> None:
    by, to = ChatUser(id=who), ReplyAddress(channel_id="C1", user_id=who)
    await house.accept(ApprovalClicked(escalation_id=escalation.id, by=by, reply_to=to))
    await house.work_all()


def channels(house: House) -> list[str]:
    return [shown.channel for shown in house.chat.cards.values()]


async def test_what_was_understood_is_repeated_in_full(house: House) -> None:
    await leave(house, "until Tuesday", STRANGER.id)
    told = whispered(house, OWNER.id)
    assert "from now on until Tue 24 Nov 2026, that whole day included (America/New_York)" in told
    assert "Your next working day is Wed 25 Nov 2026." in told
    assert "Fiona Reyes decides for you." in told
    [absence] = await house.database.read(
        lambda tx: tx.absences.still_to_come(OWNER.email, house.clock.now())
    )
    assert (absence.starts_at, absence.ends_at) == (
        house.clock.now(),
        datetime(2026, 11, 25, 5, tzinfo=UTC),
    ), "until midnight where she lives"


async def test_open_decisions_go_to_the_delegate_in_one_message_with_their_cards(house: House) -> None:
    escalation = await opened(house)
    await leave(house, "until Tuesday", STRANGER.id)
    [(channel, _, listed)] = [post for post in house.chat.posts if isinstance(post[2], DecisionList)]
    assert channel == f"D{STRANGER.id}"
    assert listed.mentions == (STRANGER.id,)
    assert (
        "Olivia Hart is away until Tue 24 Nov 2026. You decide meanwhile. One decision waits" in listed.title
    )
    assert [item.donor_name for item in listed.items] == ["Margaret Okafor"]
    assert channels(house) == ["COWNER", f"D{STRANGER.id}"], "the owner keeps hers"

    await approve(house, escalation, STRANGER.id)
    assert (await now(house, escalation)).state is S.EXECUTED
    assert {shown.status.state for shown in house.chat.cards.values()} == {S.EXECUTED}, "in all places"

    house.clock.move(days=6)
    await house.work_all()
    back = house.chat.posts[-1]
    assert back[0] == "COWNER"
    assert isinstance(back[2], DecisionList)
    assert "one decision was made for you" in back[2].title
    assert back[2].items[0].standing == "approved and done by Fiona Reyes"


async def test_a_new_card_goes_to_the_delegate_too_and_both_may_decide(house: House) -> None:
    await leave(house, "until Tuesday", STRANGER.id)
    escalation = await opened(house)
    assert channels(house) == ["COWNER", f"D{STRANGER.id}"]
    told = [outcome for _, _, outcome in house.chat.posts if isinstance(outcome, Notice)][-1]
    assert (told.mention, "You decide meanwhile" in told.text) == (STRANGER.id, True)
    assert "card.shown_to_stand_in" in await kinds(house)
    await approve(house, escalation, OWNER.id)
    assert (await now(house, escalation)).decided_by == OWNER.id


async def test_a_card_that_the_delegate_got_without_a_word_on_why_follows_all_the_same(house: House) -> None:
    await leave(house, "until Tuesday", STRANGER.id)
    house.chat.archived.add(f"D{STRANGER.id}")
    escalation = await opened(house)
    await approve(house, escalation, OWNER.id)
    assert [shown.status.state for shown in house.chat.cards.values()] == [S.EXECUTED] * 2
    assert "card.stand_in_refused" in await kinds(house)


async def test_nobody_else_may_and_afterwards_the_delegate_may_not_either(house: House) -> None:
    escalation = await opened(house)
    await approve(house, escalation, STRANGER.id)
    assert "This decision is for Olivia Hart." in whispered(house, STRANGER.id)
    await leave(house, "until Tuesday", STRANGER.id)
    await approve(house, escalation, MANAGER.id)
    assert "Fiona Reyes decides meanwhile" in whispered(house, MANAGER.id)
    await come_back(house)
    await approve(house, escalation, STRANGER.id)
    assert "This decision is for Olivia Hart." in whispered(house, STRANGER.id)
    assert (await now(house, escalation)).state is S.OPEN
    assert (await kinds(house)).count("click.refused") == 3


async def test_without_a_delegate_the_next_above_decides(house: House) -> None:
    escalation = await opened(house)
    await leave(house, "until Tuesday")
    assert channels(house) == ["COWNER", "CMANAGER"]
    await approve(house, escalation, MANAGER.id)
    assert (await now(house, escalation)).decided_by == MANAGER.id


async def test_when_everybody_is_away_it_goes_to_the_reviewers_with_the_reason(house: House) -> None:
    await leave(house, "until Wednesday", who=MANAGER.id)
    await leave(house, "until Wednesday", STRANGER.id)
    house.chat.people = tuple(p for p in house.chat.people if p is not STRANGER)  # her account is closed
    escalation = await opened(house)
    assert channels(house) == ["COWNER", "CDESK"]
    told = house.chat.posts[-1]
    assert told[0] == "CDESK"
    assert "Olivia Hart is away until" in told[2].text  # type: ignore[union-attr]
    await approve(house, escalation, MANAGER.id)
    assert (await now(house, escalation)).decided_by == MANAGER.id, "a manager who looks in decides"


async def test_a_delegate_of_a_delegate_has_the_part(house: House) -> None:
    await leave(house, "until Wednesday", MANAGER.id, who=STRANGER.id)
    await leave(house, "until Tuesday", STRANGER.id)
    told = whispered(house, OWNER.id)
    assert "Fiona Reyes is away, too" in told
    assert "then Mara Lindqvist decides" in told
    escalation = await opened(house)
    assert channels(house) == ["COWNER", "CMANAGER"]
    await approve(house, escalation, MANAGER.id)
    assert (await now(house, escalation)).decided_by == MANAGER.id


async def test_an_absence_to_come_begins_by_itself_and_can_be_called_off(house: House) -> None:
    await leave(house, "from Monday until Wednesday", STRANGER.id)
    [(channel, _, told)] = house.chat.posts
    assert channel == f"D{STRANGER.id}"
    assert "is away from Mon 23 Nov 2026 until Wed 25 Nov 2026 and named you" in told.text  # type: ignore[union-attr]
    escalation = await opened(house)
    await approve(house, escalation, STRANGER.id)
    assert (await now(house, escalation)).state is S.OPEN, "not yet"
    house.clock.move(days=3)
    await house.work_all()
    assert channels(house) == ["COWNER", f"D{STRANGER.id}"]

    [absence] = await house.database.read(
        lambda tx: tx.absences.still_to_come(OWNER.email, house.clock.now())
    )
    await come_back(house, who=MANAGER.id, absence_id=absence.id)
    assert "nothing to end" in whispered(house, MANAGER.id), "nobody can call off somebody else's"
    await come_back(house, absence_id=absence.id)
    assert "called off" in whispered(house, OWNER.id)
    await approve(house, escalation, STRANGER.id)
    assert (await now(house, escalation)).state is S.OPEN


async def test_a_new_absence_replaces_the_one_it_touches(house: House) -> None:
    await leave(house, "until Tuesday", STRANGER.id)
    await leave(house, "until Wednesday", MANAGER.id)
    [absence] = await house.database.read(
        lambda tx: tx.absences.still_to_come(OWNER.email, house.clock.now())
    )
    assert absence.delegate_email == MANAGER.email


async def test_away_alone_says_how_things_stand(house: House) -> None:
    await leave(house, "")
    assert "You are not away" in whispered(house, OWNER.id)
    await leave(house, "until Tuesday", STRANGER.id)
    await leave(house, "")
    assert "You are away." in whispered(house, OWNER.id)
    await leave(house, "", who=STRANGER.id)
    assert "You decide for Olivia Hart until Tue 24 Nov 2026." in whispered(house, STRANGER.id)
    await come_back(house, who=STRANGER.id)
    assert "You are not away, so there is nothing to end." in whispered(house, STRANGER.id)


@pytest.mark.parametrize(
    ("words", "delegates", "name", "told"),
    [
        ("until Friday", (OWNER.id,), "", "You cannot be your own delegate."),
        ("until Friday", (GUEST.id,), "", "Gus Guest is a guest or from another organisation"),
        ("until Friday", ("UGONE",), "", "a bot, or no longer active"),
        ("until Friday", (STRANGER.id, MANAGER.id), "", "Name one delegate only."),
        ("until Friday", (), "sam", "I do not know who “sam” is."),
        ("until Friday", (), "nobody@x.example", "I know nobody in Slack with the address"),
        ("until", (STRANGER.id,), "", "I cannot read “until” as a day."),
        ("", (STRANGER.id,), "", "Say until when"),
        ("until 5/12", (), "", "another day in another country"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_to_write(
    house: House, words: str, delegates: tuple[str, ...], name: str, told: str
) -> None:
    await leave(house, words, *delegates, name=name)
    answer = whispered(house, OWNER.id)
    assert told in answer
    assert "/donor away until Friday delegate @sam" in answer
    assert await house.database.read(lambda tx: tx.absences.at(house.clock.now())) == []


@pytest.mark.parametrize("name", ["fiona", "Fiona Reyes", "@fiona.reyes", "fiona@x.example", "FIONA"])
async def test_a_delegate_may_be_written_by_name(house: House, name: str) -> None:
    await leave(house, "until Friday", name=name)
    [absence] = await house.database.read(lambda tx: tx.absences.at(house.clock.now()))
    assert absence.delegate_email == STRANGER.email


async def test_two_who_name_each_other_are_told_so(house: House) -> None:
    await leave(house, "until Wednesday", OWNER.id, who=STRANGER.id)
    await leave(house, "until Tuesday", STRANGER.id)
    assert "would come back to you" in whispered(house, OWNER.id)
    await leave(house, "until Tuesday", MANAGER.id)
    await leave(house, "until Tuesday", who=MANAGER.id)
    await leave(house, "until Tuesday", MANAGER.id, who=OWNER.id)
    assert "named nobody who is there" in whispered(house, OWNER.id)


async def test_a_guest_is_not_away(house: House) -> None:
    await leave(house, "until Friday", STRANGER.id, who=GUEST.id)
    assert "members of this organisation" in whispered(house, GUEST.id)


async def queue_of(house: House, who: str) -> tuple[str, ...]:
    await house.accept(
        QueueRequested(by=ChatUser(id=who), reply_to=ReplyAddress(channel_id="C1", user_id=who))
    )
    await house.work_all()
    [shown] = [outcome for user, outcome in house.chat.whispers if user == who][-1:]
    assert isinstance(shown, QueueShown)
    return shown.delegations


async def test_the_queue_says_who_decides_for_whom(house: House) -> None:
    await leave(house, "until Wednesday", MANAGER.id, who=STRANGER.id)
    await leave(house, "until Tuesday", STRANGER.id)
    assert await queue_of(house, OWNER.id) == (
        "You are away until Tue 24 Nov 2026. Mara Lindqvist decides for you.",
    ), "the delegate is away, too"
    assert set(await queue_of(house, MANAGER.id)) == {
        "You decide for Olivia Hart until Tue 24 Nov 2026.",
        "You decide for Fiona Reyes until Wed 25 Nov 2026.",
    }


async def test_the_queue_says_that_the_next_above_decides(house: House) -> None:
    await leave(house, "until Tuesday")
    [line] = await queue_of(house, OWNER.id)
    assert line == "You are away until Tue 24 Nov 2026. The next above you (mara@x.example) decides for you."
    assert await queue_of(house, MANAGER.id) == ("You decide for Olivia Hart until Tue 24 Nov 2026.",)
