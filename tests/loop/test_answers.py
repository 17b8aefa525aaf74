"""What people ask: a donor's summary and history, whom to share it with, what they think of it, and help."""

from __future__ import annotations

import re

import pytest

from tests.loop.conftest import Loop
from tests.loop.shown import Json, buttons, find_element, has, text_of
from tests.loop.staging import (
    ELLIS,
    FELIX,
    FIONA,
    FUNDRAISING,
    GENERAL,
    GUS,
    MARA,
    OLIVIA,
    OLIVIAS,
    PARTNER,
    until,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _ask(loop: Loop, text: str, *words: str, user: str = FIONA, channel: str = FUNDRAISING) -> Json:
    """Ask in a channel; the answer is the newest message that this person sees with these words."""
    before = {m["ts"]: text_of(m) for m in await loop.stage.history(user, channel)}
    await loop.stage.command(user, channel, text)

    async def look() -> Json | None:
        messages = await loop.stage.history(user, channel)
        fresh = [m for m in messages if before.get(m["ts"]) != text_of(m) and has(m, *words)]
        return fresh[-1] if fresh else None

    answer = await until(look, f"{text} is answered with {words}")
    assert answer["is_ephemeral"]
    return answer


@pytest.mark.parametrize("query", ["Jane Doe", "jane doe", "doe jane", "donor-0001", "JANE.DOE"])
async def test_one_match_is_summarised_for_the_asker_alone(shared: Loop, query: str) -> None:
    if query == "JANE.DOE":
        query = str((await shared.stage.crm_get("donors/donor-0001"))["email"]).upper()
    answer = await _ask(shared, f"summary {query}", "Jane Doe", "AI-generated, check before use")
    assert has(answer, "$65,650", "Recent history", "Confidence:")
    assert buttons(answer) == {"cs:useful", "cs:not_useful", "cs:share", "cs:save_note"}
    assert not [m for m in await shared.stage.history(MARA, FUNDRAISING) if m["ts"] == answer["ts"]]


async def test_a_name_alone_is_a_question_too(shared: Loop) -> None:
    await _ask(shared, "Helen Marlow", "Helen Marlow", "$8,000")


async def test_several_matches_are_a_choice(shared: Loop) -> None:
    picker = await _ask(shared, "summary Anna Müller", "Several donors match “Anna Müller”")
    _, first = find_element(picker, "cs:pick", "donor-0019")
    assert first["value"] == "summary:donor-0019"
    await shared.stage.press(FIONA, FUNDRAISING, picker, "cs:pick", "donor-0019")
    await shared.stage.seen(FIONA, FUNDRAISING, "Anna Müller", "€270", "Confidence:")


async def test_nobody_matches_but_names_look_alike(shared: Loop) -> None:
    none = await _ask(shared, "summary Jane Dough", "No donor matches “Jane Dough”", "Did you mean")
    assert has(none, "Jane Doe")


async def test_nobody_matches_at_all(shared: Loop) -> None:
    await _ask(shared, "summary zzzzqqqq", "No donor matches “zzzzqqqq”", "Try the full name")


async def test_an_empty_question_is_answered_with_how_to_ask(shared: Loop) -> None:
    await _ask(shared, "summary", "Whose summary would you like?")
    await _ask(shared, "timeline", "Whose timeline would you like?")


async def test_a_merged_donor_is_shown_as_who_is_left(shared: Loop) -> None:
    await _ask(shared, "summary donor-0013", "Robert Fairbanks", "Confidence:")


async def test_the_history_alone(shared: Loop) -> None:
    answer = await _ask(shared, "timeline Jane Doe", "Jane Doe", "Lunch at the ferry landing")
    assert not has(answer, "AI-generated")


async def test_help_and_what_is_not_understood(shared: Loop) -> None:
    await _ask(shared, "help", "What I can do", "/donor timeline")
    await _ask(shared, "", "What I can do")
    await _ask(shared, "!!!", "I did not understand “!!!”")


@pytest.mark.parametrize("who", [GUS, ELLIS])
async def test_outsiders_are_told_nothing_about_donors(shared: Loop, who: str) -> None:
    direct = await shared.stage.direct(who)
    await shared.stage.write(who, direct, "summary Jane Doe")

    async def answered() -> Json | None:
        messages = await shared.stage.history(who, direct)
        threads = [await shared.stage.thread(who, direct, m["ts"]) for m in messages]
        found = [
            m for m in (*messages, *(r for t in threads for r in t)) if has(m, "members of this organisation")
        ]
        return found[0] if found else None

    refused = await until(answered, f"{who} is refused")
    assert not has(refused, "$")
    assert "request.refused" in await shared.kinds()


async def test_in_a_channel_shared_with_others_nothing_is_shown(shared: Loop) -> None:
    refused = await _ask(
        shared, "summary Jane Doe", "shared with another organisation", channel=PARTNER, user=FIONA
    )
    assert not has(refused, "$65,650")


async def test_a_summary_is_shared_once_and_only_by_its_reader(shared: Loop) -> None:
    answer = await _ask(shared, "summary Ruth Abernathy", "Ruth Abernathy", "Confidence:")
    about = str(find_element(answer, "cs:share")[1]["value"])
    await shared.stage.signed_click(FELIX, "cs:share", about, nonce="not-mine", channel=FUNDRAISING)
    await shared.stage.seen(FELIX, FUNDRAISING, "Only the person who asked for a summary can share it")

    await shared.stage.press(FIONA, FUNDRAISING, answer, "cs:share")
    public = await shared.stage.seen(MARA, FUNDRAISING, "Ruth Abernathy", "Shared by", f"<@{FIONA}>")
    assert not public["is_ephemeral"]
    await shared.stage.signed_click(FIONA, "cs:share", about, nonce="again", channel=FUNDRAISING)
    await shared.stage.seen(FIONA, FUNDRAISING, "already been shared in this channel")
    await shared.settled()
    shown = [m for m in await shared.stage.history(MARA, FUNDRAISING) if has(m, "Ruth Abernathy")]
    assert len(shown) == 1

    await shared.stage.signed_click(FIONA, "cs:share", about, nonce="outside", channel=PARTNER)
    await shared.stage.seen(FIONA, PARTNER, "shared with another organisation")
    assert not [m for m in await shared.stage.history(FIONA, PARTNER) if has(m, "Ruth Abernathy")]


async def test_an_opinion_is_kept_once_per_person(shared: Loop) -> None:
    answer = await _ask(shared, "summary Helen Marlow", "Helen Marlow", "Confidence:")
    about = str(find_element(answer, "cs:useful")[1]["value"])
    await shared.stage.press(FIONA, FUNDRAISING, answer, "cs:useful")
    await shared.stage.seen(FIONA, FUNDRAISING, "Noted as useful")
    await shared.stage.press(FIONA, FUNDRAISING, answer, "cs:not_useful")
    await shared.stage.seen(FIONA, FUNDRAISING, "Noted as not useful", "What was it?")
    await shared.settled()
    opinions = [e for e in await shared.entries() if e.kind == "feedback.given"]
    assert [(e.payload or {})["value"] for e in opinions if (e.payload or {})["answer_id"] == about] == [
        "useful",
        "not_useful",
    ]


async def test_data_that_may_not_leave_the_union_does_not(shared: Loop) -> None:
    shared.stage.heard.clear()
    answer = await _ask(shared, "summary donor-0010", "Käthe von der Heydt", "Confidence:", user=FELIX)
    assert has(answer, "Written without AI", "may not leave its region")
    assert not [r for r in shared.stage.heard if r.path.startswith("/model/")]


async def test_a_name_full_of_markup_stays_text(shared: Loop) -> None:
    answer = await _ask(shared, "summary donor-0021", "*Bold* _Ital_", "Confidence:", channel=GENERAL)
    assert "<!channel>" not in answer["text"]


async def test_a_strangers_orders_are_not_obeyed(shared: Loop) -> None:
    answer = await _ask(shared, "summary Oscar Tilden", "Oscar Tilden", "Confidence:")
    summary, _, history = text_of(answer).partition("Recent history")
    assert "1,000,000" not in summary
    assert "approval" not in summary
    assert "Note from outside, which reads like orders to an assistant: see the CRM" in history
    assert "Hello!" not in history
    assert re.search(r"What I could not see +A note of +[\w ]+ reads like orders to an assistant", summary)


async def test_every_answer_leaves_evidence_that_verifies(shared: Loop) -> None:
    await _ask(shared, "timeline Theodore Pemberton", "Theodore Pemberton")
    answer = await _ask(shared, "summary Theodore Pemberton", "Theodore Pemberton", "Confidence:")
    await shared.stage.press(FIONA, FUNDRAISING, answer, "cs:useful")
    await shared.stage.seen(FIONA, FUNDRAISING, "Noted as useful")
    await shared.stage.press(FIONA, FUNDRAISING, answer, "cs:share")
    await shared.stage.seen(MARA, FUNDRAISING, "Theodore Pemberton", "Shared by")
    await shared.settled()
    await shared.verified()
    kinds = await shared.kinds()
    assert {"summary.generated", "summary.shared", "timeline.shown", "feedback.given"} <= set(kinds)
    assert await shared.dead() == []


async def test_a_donor_is_told_what_was_done_in_words_of_their_own(shared: Loop) -> None:
    card = await shared.card(amount_minor=250_000)
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await shared.now_shows(card, "Done: Jane Doe")
    await shared.stage.command(FIONA, FUNDRAISING, "why —for-donor jane doe")
    told = await shared.stage.seen(FIONA, FUNDRAISING, "For Jane Doe: what we did and why")
    assert has(
        told,
        "Harbour Light Foundation",
        "after we received a gift from you, our software suggested that a member of staff does something",
        "a member of staff decided that it should be done",
        "it was entered in our donor records",
        "You may ask for a copy of your data",
    )
    for hidden in ("Olivia", "$2,500", "Major", "confidence", "Doe household"):
        assert not has(told, hidden), hidden
    await shared.settled()
    assert (await shared.kinds())[-1] == "explanation.given"
