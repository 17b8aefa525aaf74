"""CRM, Slack or model down, slow, forgetful: people are told, work resumes, nothing happens twice."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.cli.stage import MODEL
from tests.loop.conftest import Loop, Open
from tests.loop.shown import Json, buttons, escalation_of, has
from tests.loop.staging import DESK, FIONA, FUNDRAISING, JANE, MARA, OLIVIA, OLIVIAS, until

MARGARET = "donor-0003"
WELL: dict[str, Any] = {
    "api_down": False,
    "slow_ms": 0,
    "rate_limit": False,
    "quota": False,
    "lost_write_replies": False,
    "cut_answers": False,
    "empty_promises": False,
    "partial_permission": False,
}


async def _gift(loop: Loop) -> str:
    """Jane gives an amount that is found again on the card."""
    minor = 200_000 + 100 * next(loop.numbers)
    await loop.stage.happen("gift", JANE, amount_minor=minor)
    return f"Jane Doe gave ${minor // 100:,} on"


async def _one_card(loop: Loop, words: str) -> Json:
    await loop.stage.seen(OLIVIA, OLIVIAS, words)
    await loop.settled()
    found = [m for m in await loop.stage.history(OLIVIA, OLIVIAS) if has(m, words)]
    assert len(found) == 1, "the card appears once"
    return found[0]


async def _stage_card(loop: Loop) -> Json:
    """Margaret, whom we were winning back, gives: the card proposes to move her to stewardship."""
    loop.stage.edit_donor(MARGARET, tier="mid_level")
    card = await loop.card(MARGARET, amount_minor=5_000)
    assert has(card, "Lifecycle stage", "reactivation", "stewardship")
    return card


async def _stage_of(loop: Loop, donor_id: str) -> str:
    return str((await loop.stage.crm_get(f"donors/{donor_id}"))["lifecycle_stage"])


# The CRM


@pytest.mark.parametrize(
    "fault",
    [
        {"api_down": True},
        {"rate_limit": True, "retry_after_s": 60},
        {"quota": True, "retry_after_s": 60},
        {"slow_ms": 900},
        {"cut_answers": True},
    ],
    ids=["down", "rate limited", "quota used up", "too slow", "answers break off"],
)
async def test_an_event_waits_until_the_crm_answers(open_loop: Open, fault: dict[str, Any]) -> None:
    loop = await open_loop(crm_timeout_s=0.3)
    await loop.stage.break_crm(**fault)
    words = await _gift(loop)
    await loop.failed_once("crm_event")
    await loop.stage.break_crm(**WELL)
    await loop.later()
    await _one_card(loop, words)
    assert await loop.dead() == []


async def test_a_crm_that_asks_to_wait_is_left_alone(loop: Loop) -> None:
    await loop.stage.break_crm(rate_limit=True, retry_after_s=3600)
    await _gift(loop)
    await loop.failed_once("crm_event")
    await loop.settled()
    until = [loop.clock.now() + timedelta(seconds=seconds) for seconds in (3500, 3600)]
    due = await loop.runtime.context.database.read(
        lambda tx: [tx.inbox.standing(moment).counts["due"] for moment in until]
    )
    assert due == [0, 1]
    asked = len(loop.stage.heard)
    await loop.later(minutes=30)
    await loop.settled()
    assert len(loop.stage.heard) == asked


async def test_an_approval_that_waits_for_the_crm_says_so_and_then_finishes(loop: Loop) -> None:
    card = await loop.card()
    await loop.stage.break_crm(api_down=True)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "approved this", "about to be written")
    await loop.failed_once("execute_action")
    await loop.later()
    waiting = await loop.now_shows(card, "The CRM does not answer at the moment. The approval stands")
    assert buttons(waiting) == {"cs:read_in_full", "cs:evidence"}

    await loop.stage.break_crm(**WELL)
    await loop.later()
    done = await loop.now_shows(card, "Done: Jane Doe", "read back to check")
    assert not has(done, "does not answer")
    assert len(await loop.stage.written_for(card, JANE)) == 1


async def test_whoever_asks_meanwhile_is_told_so(loop: Loop) -> None:
    await loop.stage.break_crm(api_down=True)
    await loop.stage.command(FIONA, FUNDRAISING, "summary Jane Doe")
    told = await loop.stage.seen(FIONA, FUNDRAISING, "The CRM is not answering at the moment", "Try again")
    assert told["is_ephemeral"]


async def test_an_approval_waits_for_the_crm_and_is_written_once(loop: Loop) -> None:
    card = await loop.card()
    await loop.stage.break_crm(api_down=True)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    waiting = await loop.now_shows(card, "Approved: Jane Doe")
    assert "cs:approve" not in buttons(waiting)
    await loop.failed_once("execute_action")
    await loop.stage.break_crm(**WELL)
    await loop.later()
    await loop.now_shows(card, "Done: Jane Doe")
    assert len(await loop.stage.written_for(card, JANE)) == 1


async def test_a_write_whose_answer_is_lost_is_looked_for_and_found(loop: Loop) -> None:
    card = await loop.card()
    await loop.stage.break_crm(lost_write_replies=True)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Being checked: Jane Doe", "it may or may not be there")
    await loop.later()
    await loop.now_shows(card, "Done: Jane Doe", "read back to check")
    await loop.settled()
    assert len(await loop.stage.written_for(card, JANE)) == 1
    writes = [r for r in loop.stage.heard if r.method == "PUT" and r.path.startswith("/crm/api/v1/tasks/")]
    assert len(writes) == 1, "it is found, not sent again"
    assert "action.outcome_unknown" in await loop.kinds()
    await loop.verified()


async def test_a_write_that_the_crm_only_promised_is_sent_again_under_its_key(loop: Loop) -> None:
    card = await loop.card()
    await loop.stage.break_crm(empty_promises=True)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Being checked: Jane Doe", "it may or may not be there")
    await loop.stage.break_crm(**WELL)
    await loop.later()
    await loop.now_shows(card, "Done: Jane Doe", "read back to check")
    await loop.settled()
    assert len(await loop.stage.written_for(card, JANE)) == 1
    await loop.verified()


async def test_a_crm_that_only_ever_promises_is_given_up_on_openly(loop: Loop) -> None:
    card = await loop.card()
    await loop.stage.break_crm(empty_promises=True)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Being checked: Jane Doe")
    for _ in range(7):
        await loop.settled()
        await loop.later()
    await loop.now_shows(card, "Not done: Jane Doe", "shows nothing of it afterwards")
    await loop.settled()
    assert await loop.stage.written_for(card, JANE) == []
    assert await loop.dead() == []
    await loop.verified()


async def test_an_opt_out_whose_answer_is_lost_is_recorded_once(loop: Loop) -> None:
    """The ledger of consents only grows: there, sending twice would show."""
    card = await loop.card(JANE, what="reply", text="Please stop e-mailing me. Jane")
    assert has(card, "Consent, email", "opted out")
    await loop.stage.break_crm(lost_write_replies=True)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Being checked: Jane Doe")
    await loop.later()
    await loop.now_shows(card, "Done: Jane Doe")
    await loop.settled()
    consents = (await loop.stage.crm_get(f"donors/{JANE}/consents"))["items"]
    assert [c["source"] for c in consents if c["status"] == "opted_out"] == ["Recorded through Countersign"]


async def test_a_record_that_looks_stale_is_read_again(loop: Loop) -> None:
    card = await _stage_card(loop)
    await loop.stage.break_crm(stale_412=2)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.failed_once("execute_action")
    await loop.later()
    await until(lambda: _is(loop, card, "executed"), "written after all")
    await loop.settled()
    assert await _stage_of(loop, MARGARET) == "stewardship"
    changes = (await loop.stage.crm_get("changes", donor_id=MARGARET))["items"]
    ours = [c for c in changes if (c["external_key"] or "").startswith(escalation_of(card))]
    assert [(c["before"], c["after"]) for c in ours] == [("reactivation", "stewardship")]


async def _is(loop: Loop, card: Json, state: str) -> bool:
    await loop.later(seconds=10)
    return await loop.state(card) == state


async def test_notes_that_may_not_be_read_are_a_gap_on_the_card(loop: Loop) -> None:
    await loop.stage.break_crm(partial_permission=True)
    card = await loop.card()
    assert has(card, "Not known", "notes")


# The world moves on between the yes and the write


async def _approved_while_down(loop: Loop, card: Json) -> None:
    await loop.stage.break_crm(api_down=True)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.failed_once("execute_action")


async def _up_again(loop: Loop) -> None:
    await loop.stage.break_crm(**WELL)
    await loop.later()


async def test_a_changed_record_is_shown_and_asked_about_again(loop: Loop) -> None:
    card = await _stage_card(loop)
    await _approved_while_down(loop, card)
    loop.stage.edit_donor(MARGARET, lifecycle_stage="cultivation")
    await _up_again(loop)
    again = await loop.now_shows(
        card,
        "Decision needed: Margaret Okafor",
        "Nothing was written. The record changed since this was approved.",
        "Changed since you looked",
        "Lifecycle stage:  reactivation  →  cultivation",
    )
    assert await _stage_of(loop, MARGARET) == "cultivation", "nothing was written"
    assert "cs:approve" in buttons(again)

    await loop.stage.press(OLIVIA, OLIVIAS, again, "cs:approve")
    done = await loop.now_shows(card, "Done: Margaret Okafor")
    assert not has(done, "changed since this was approved")
    assert await _stage_of(loop, MARGARET) == "stewardship"
    await loop.verified()


async def test_it_is_asked_again_also_after_a_lost_write(loop: Loop) -> None:
    """The write did not arrive, its fate was unknown, and then the record changed: nothing stays in limbo."""
    card = await _stage_card(loop)
    await loop.stage.break_crm(slow_ms=0, lost_write_replies=True)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Being checked: Margaret Okafor")
    # As if the request had never reached the CRM: the change and its trace are gone, and somebody was faster.
    tables = loop.stage.crm.tables
    for change in list(tables.changes):
        if (change.external_key or "").startswith(escalation_of(card)):
            loop.stage.crm.store.commit(change.model_copy(update={"external_key": None}))
    loop.stage.edit_donor(MARGARET, lifecycle_stage="cultivation")
    await _up_again(loop)
    await loop.now_shows(card, "Decision needed: Margaret Okafor", "→  cultivation")


async def test_what_is_asked_again_late_still_runs_out(loop: Loop) -> None:
    card = await _stage_card(loop)
    await _approved_while_down(loop, card)
    loop.stage.edit_donor(MARGARET, lifecycle_stage="cultivation")
    await loop.later(days=6)
    await loop.stage.break_crm(**WELL)
    await loop.now_shows(card, "Decision needed: Margaret Okafor", "→  cultivation")
    await loop.later(days=13)
    await loop.now_shows(card, "Decision needed: Margaret Okafor", "Nobody decided in time.")
    await loop.later(days=6)
    await loop.now_shows(card, "Time ran out: Margaret Okafor")


async def test_a_donor_marked_as_sensitive_needs_a_manager_too(loop: Loop) -> None:
    card = await loop.card()
    await _approved_while_down(loop, card)
    loop.stage.edit_donor(JANE, sensitive=True)
    await _up_again(loop)
    both = await loop.stage.seen(MARA, DESK, "Decision needed: Jane Doe", "ask for a different approval")
    assert has(both, "Sensitive", "Olivia Hart and a manager")
    [told] = await until(lambda: loop.stage.thread(OLIVIA, OLIVIAS, card["ts"]), "told in the old thread")
    assert has(told, "Nothing was written", "goes on in the review channel", "This card follows it.")

    await loop.stage.press(OLIVIA, DESK, both, "cs:approve")
    await loop.stage.seen(OLIVIA, DESK, "Your approval is recorded", "1 more as manager")
    assert await loop.stage.written_for(card, JANE) == []
    await loop.stage.press(MARA, DESK, both, "cs:approve")
    await loop.now_shows(both, "Done: Jane Doe", channel=DESK)
    await loop.now_shows(card, "Done: Jane Doe", f"<@{MARA}>")
    assert len(await loop.stage.written_for(card, JANE)) == 1
    await loop.verified()


async def test_nobody_is_to_call_a_donor_placed_under_legal_review(loop: Loop) -> None:
    card = await loop.card()
    await _approved_while_down(loop, card)
    loop.stage.edit_donor(JANE, legal_review=True)
    await _up_again(loop)
    await loop.now_shows(card, "Not done: Jane Doe", "under legal review", "Nobody is contacted")
    assert await loop.stage.written_for(card, JANE) == []


async def test_a_merged_donor_is_left_alone(loop: Loop) -> None:
    card = await loop.card()
    await _approved_while_down(loop, card)
    loop.stage.edit_donor(JANE, merged_into="donor-0014")
    await _up_again(loop)
    await loop.now_shows(card, "Not done: Jane Doe", "merged into another one")
    assert await loop.stage.own_tasks("donor-0014") == []


async def test_an_approval_that_cannot_be_carried_out_is_not_passed_over_in_silence(loop: Loop) -> None:
    card = await loop.card()
    loop.stage.edit_donor(JANE, lifecycle_stage="vip")  # a value no contract allows
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")

    async def told() -> list[Json]:
        await loop.later(seconds=10)
        return await loop.stage.thread(OLIVIA, OLIVIAS, card["ts"])

    [notice] = await until(told, "told in the card's thread")
    assert has(notice, f"<@{OLIVIA}>", "Something went wrong on our side, and nothing was sent", "Reference")
    [letter] = await loop.runtime.context.database.read(lambda tx: tx.outbox.list_dead(9))
    assert (letter.kind, letter.last_error, letter.attempts) == (
        "execute_action",
        "unexpected_ValidationError",
        5,
    )
    assert await loop.stage.written_for(card, JANE) == []

    loop.stage.edit_donor(JANE, lifecycle_stage="stewardship")
    [(lost, _)] = await _dead_ids(loop)
    now = loop.clock.now()
    await loop.runtime.context.database.write(lambda tx: tx.outbox.revive(lost, now))
    await loop.now_shows(card, "Done: Jane Doe")
    await loop.verified()


async def _dead_ids(loop: Loop) -> list[tuple[str, str]]:
    letters = await loop.runtime.context.database.read(lambda tx: tx.outbox.list_dead(10))
    return [(letter.id, letter.kind) for letter in letters]


async def test_automation_waits_while_people_decide(open_loop: Open) -> None:
    loop = await open_loop(model=False, organisation={"rollout_phase": 3})
    open_card = await loop.card(JANE, what="reply", text="Please stop e-mailing me. Jane")
    assert "cs:approve" in buttons(open_card)
    waiting = await loop.card(JANE, beside=True, amount_minor=4_200)
    paused = await loop.now_shows(waiting, "the policy in force", "This waits until the open decision")
    assert await loop.stage.written_for(paused, JANE) == []
    open_card = await loop.now_shows(open_card, "Decision needed: Jane Doe", "Thank-you call")
    await loop.stage.press(OLIVIA, OLIVIAS, open_card, "cs:approve")
    await loop.now_shows(open_card, "Done: Jane Doe")
    await loop.later(minutes=6)
    await loop.now_shows(waiting, "Done: Jane Doe")
    assert len(await loop.stage.written_for(paused, JANE)) == 1


# The model


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"down": True}, None),
        ({"garbage": True}, "invalid_output"),
        ({"ignore_schema": True}, "invalid_output"),
    ],
    ids=str,
)
async def test_without_a_useful_model_the_facts_speak(
    loop: Loop, fault: dict[str, bool], why: str | None
) -> None:
    await loop.stage.break_model(**fault)
    card = await loop.card()
    assert has(card, "Written without AI, from CRM records", "No AI was used because")
    assert not has(card, "AI-generated")
    assert has(card, "Thank-you call to Jane Doe"), "the proposal does not depend on a model"
    await loop.stage.command(FIONA, FUNDRAISING, "summary Jane Doe")
    await loop.stage.seen(FIONA, FUNDRAISING, "Written without AI, from CRM records", "Jane Doe")
    said = [e.payload for e in await loop.entries() if e.kind.endswith(".model_answered") and e.payload]
    assert {each["unusable"] for each in said} == ({why} if why else set())
    assert all(len(each["call"]["answers"]) == 2 and each["kept"] == [] for each in said)


async def test_of_a_summary_that_broke_off_the_verified_part_is_shown_and_said_to_be_one(loop: Loop) -> None:
    await loop.stage.break_model(truncate=True)
    await loop.stage.command(FIONA, FUNDRAISING, "summary Jane Doe")
    await loop.stage.seen(
        FIONA, FUNDRAISING, "Summary of Jane Doe", "AI-generated", "It did not finish because"
    )
    [said] = [e.payload for e in await loop.entries() if e.kind == "summary.model_answered" and e.payload]
    assert said["unusable"] == "truncated"


async def test_what_a_model_had_written_when_its_reader_stopped_it_is_in_the_evidence(loop: Loop) -> None:
    await loop.stage.break_model(pace_ms=20)
    direct = await loop.stage.direct(FIONA)
    await loop.stage.write(FIONA, direct, "Jane Doe")

    async def first_sentence() -> Json | None:
        messages = await loop.stage.history(FIONA, direct)
        threads = [await loop.stage.thread(FIONA, direct, each["ts"]) for each in messages]
        found = (each for thread in threads for each in thread if has(each, "Jane Doe has supported us"))
        return next(found, None)

    live = await until(first_sentence, "a sentence of the model")
    await loop.stage.press(FIONA, direct, live, "cs:stop")

    async def stopped() -> bool:
        return "summary.stopped" in await loop.kinds()

    await until(stopped, "it was stopped")
    kept = [entry for entry in await loop.entries() if entry.kind.startswith("summary.")]
    kinds = ["summary.stop_asked", "summary.model_answered", "summary.generated", "summary.stopped"]
    assert [entry.kind for entry in kept] == kinds
    said, summary = kept[1].payload, kept[2].payload
    assert said is not None
    assert summary is not None
    [raw] = said["call"]["answers"]
    assert raw.startswith('{"claims": [{"text": "DONOR_1 has supported us')
    assert not raw.endswith("]}"), "it was in the middle of its answer"
    assert json.loads(said["call"]["asked"])["donor"]["ref"] == "DONOR_1"
    assert said["unusable"] == "stopped"
    shown = [each["claim"]["text"] for each in summary["summary"]["claims"]]
    assert [each["claim"]["text"] for each in said["kept"]][: len(shown)] == shown
    origin = summary["summary"]["origin"]
    assert (origin["model"], origin["prompt"], origin["broke_off"]) == (MODEL, "summarise", "stopped")


# Slack


@pytest.mark.parametrize("fault", ["http_500", "rate_limited", "down", "lost_replies"])
async def test_a_card_appears_once_whatever_slack_does(loop: Loop, fault: str) -> None:
    if fault == "lost_replies":
        await loop.card()  # people and channels are known by now, so that it is the post whose answer is lost
        await loop.cleared(JANE)
    await loop.stage.break_slack(**{fault: True})
    words = await _gift(loop)
    await loop.failed_once("crm_event" if fault != "lost_replies" else "show_card")
    await loop.later(minutes=10)  # ten minutes, in which it is tried in vain again and again
    await loop.stage.break_slack(**{fault: False})
    await loop.later()
    card = await _one_card(loop, words)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Done: Jane Doe")
    assert len(await loop.stage.written_for(card, JANE)) == 1
    assert await loop.dead() == []


async def test_a_card_that_slack_took_twice_is_taken_away_once_its_history_shows_it(loop: Loop) -> None:
    """Whatever is pressed on either of the two meanwhile counts once."""
    await loop.card()
    await loop.cleared(JANE)
    await loop.stage.break_slack(lost_replies=True, stale_history_s=3600)
    words = await _gift(loop)
    await loop.failed_once("show_card")
    await loop.stage.break_slack(lost_replies=False)
    await loop.later()

    async def there() -> list[Json]:
        return [m for m in await loop.stage.history(OLIVIA, OLIVIAS) if has(m, words)]

    async def twice() -> bool:
        return len(await there()) == 2

    await until(twice, "it is searched for in vain and posted again")
    lost, kept = await there()
    await loop.stage.press(OLIVIA, OLIVIAS, lost, "cs:approve")
    await loop.now_shows(kept, "Done: Jane Doe")
    await loop.later(minutes=2)
    await loop.settled()
    assert has(lost, "Decision needed"), "a history that does not show the one that stays is believed nothing"
    await loop.stage.break_slack(stale_history_s=0)
    await loop.later(minutes=16)

    async def gone() -> bool:
        return [m["ts"] for m in await there()] == [kept["ts"]]

    await until(gone, "the one that nobody knows of is taken away")
    await loop.settled()
    [entry] = [each for each in await loop.entries() if each.kind == "message.twin_taken_away"]
    assert entry.payload == {"channel": OLIVIAS, "ts": lost["ts"], "how": "deleted"}
    assert len(await loop.stage.written_for(kept, JANE)) == 1
    await loop.later(days=1)
    await loop.settled()
    assert (await gone(), await loop.dead()) == (True, [])


async def test_what_was_written_is_shown_when_slack_is_back(loop: Loop) -> None:
    card = await loop.card()
    await loop.stage.break_crm(slow_ms=50)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Approved: Jane Doe")
    await loop.stage.break_slack(http_500=True)
    await loop.failed_once("show_card")
    await until(lambda: _is(loop, card, "executed"), "the CRM is written although Slack is down")
    await loop.stage.break_slack(http_500=False)
    await loop.later()
    await loop.now_shows(card, "Done: Jane Doe")


# The CRM's events


async def test_repeated_and_disordered_events_make_one_card(loop: Loop) -> None:
    await loop.stage.break_crm(duplicate_events=True, reorder_events=True)
    words = await _gift(loop)
    other = await _gift(loop)
    await _one_card(loop, words)
    await _one_card(loop, other)


async def test_an_event_that_never_came_is_found_by_asking(open_loop: Open) -> None:
    loop = await open_loop(poll_s=0.2)

    async def follows() -> bool:
        cursor = await loop.runtime.context.database.read(lambda tx: tx.settings.get("crm_events_cursor"))
        return cursor is not None

    await loop.card()
    await until(follows, "the poller knows where the list ends")
    await loop.stage.break_crm(drop_events=True)
    words = await _gift(loop)
    await _one_card(loop, words)
