"""Every day on a card is shown by Slack in the form of its reader, in prose as in a deadline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import when
from bot.slack.blocks import Block, fine_print, said
from bot.slack.cards.cleanup import cleanup_message
from bot.slack.cards.escalation import escalation_message
from bot.slack.cards.home import home_view
from bot.slack.cards.in_full import in_full_view
from bot.slack.cards.rendering import message
from bot.slack.live import _said
from handlers.outcomes import (
    CardEdit,
    CardInFull,
    DecisionList,
    FollowUpShown,
    HomeShown,
    ListedDecision,
    Outcome,
    QueueItem,
    TimelineShown,
)
from policy.actions import FieldChange
from policy.escalation import EscalationState
from tests.slack.samples import CARD, DECIDED, DONOR, DUE, EXECUTED, HISTORY, OPEN, SOURCES, SUMMARY, status
from tests.slack.test_overruling import ITEM

SPELLED = re.compile(r"\b\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}\b")
TOKEN = re.compile(r"<!date\^\d+\^([^|>]+)\|[^>]+>")
SHAPES = {when.DAY, when.DAY_AND_TIME, when.CALENDAR_DAY}
EDIT = CardEdit(
    by_user_id="U0OLIVIA0",
    by_name="Olivia Hart",
    at=DECIDED,
    differences=(FieldChange(record="proposal", field="Due", before="26 Nov 2026", after="27 Nov 2026"),),
)
LINE = QueueItem(
    escalation_id="01KESC",
    donor_name="Jane Doe",
    proposal="Call her by 26 Nov 2026",
    state=EscalationState.DEFERRED,
    due_at=DUE,
    deferred_until=DUE,
)


def outcomes() -> Iterator[list[Block]]:
    edited = CARD.model_copy(
        update={"edits": (EDIT,), "came_back": "Back since 20 Nov 2026.", "also": ("A gift on 21 Nov 2026",)}
    ).model_copy(update={"folded": 1, "undo_text": "Can be undone until 24 Dec 2026."})
    for state in (
        OPEN,
        EXECUTED,
        status(EscalationState.DEFERRED, deferred_until=DUE),
        status(EscalationState.EXPIRED),
    ):
        yield escalation_message(edited, state).blocks
    yield in_full_view(CardInFull(card=edited))["blocks"]
    yield cleanup_message(ITEM.model_copy(update={"text": "the letter of 3 Nov 2026 came back"})).blocks
    yield home_view(HomeShown(name="Olivia", deferred=(LINE,), delegations=("Away until Fri 27 Nov 2026.",)))[
        "blocks"
    ]
    listed = ListedDecision(donor_name="Jane", proposal="Call by 26 Nov 2026", due_at=DUE)
    died = DONOR.model_copy(update={"warnings": ("Died on 17 Nov 2026",)})
    shown: tuple[Outcome, ...] = (
        SUMMARY.model_copy(update={"donor": died}),
        FollowUpShown(
            answer_id="a1",
            donor=died,
            question="When did she die?",
            notes=("Since 20 Nov 2026.",),
            origin=SUMMARY.summary.origin,
            as_of=DECIDED.date(),
            reference="r1",
        ),
        TimelineShown(donor=DONOR, timeline=HISTORY, as_of=DECIDED.date(), reference="r1"),
        DecisionList(title="Sam is away until Fri 27 Nov 2026.", items=(listed,)),
    )
    for outcome in shown:
        yield message(outcome, "channel").blocks


def read(value: Any) -> Iterator[tuple[str, str]]:
    """What is read on a card: ("text", words) and ("date", shape)."""
    if isinstance(value, list):
        for each in value:
            yield from read(each)
        return
    if not isinstance(value, dict) or value.get("type") in ("actions", "context_actions", "input"):
        return
    if value.get("type") == "date":
        yield "date", value["format"]
        return
    if isinstance(value.get("text"), str):
        yield from (("date", shape) for shape in TOKEN.findall(value["text"]))
        yield "text", TOKEN.sub("", value["text"])
    for each in value.values():
        yield from read(each)


def test_no_card_mixes_two_forms() -> None:
    for blocks in outcomes():
        found = list(read(blocks))
        assert [words for kind, words in found if kind == "text" and SPELLED.search(words)] == []
        shapes = {shape for kind, shape in found if kind == "date"}
        assert shapes
        assert shapes <= SHAPES


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("due 26 Nov 2026", ["due ", date(2026, 11, 26)]),
        ("26 Nov 2026", [date(2026, 11, 26)]),
        (
            "between 1 Jan 2025 and 31 Dec 2025.",
            ["between ", date(2025, 1, 1), " and ", date(2025, 12, 31), "."],
        ),
        ("Fri 27 Nov 2026, that day", ["Fri ", date(2026, 11, 27), ", that day"]),
        ("31 Feb 2026", ["31 Feb 2026"]),
        ("4,526 Nov 2026", ["4,526 Nov 2026"]),
        ("26 Nov 20261", ["26 Nov 20261"]),
        ("3 May 1962", ["3 May 1962"]),
        ("", [""]),
    ],
)
def test_days_are_found_where_they_are_spelled(text: str, parts: list[str | date]) -> None:
    assert when.days_in(text) == parts


@given(
    day=st.dates(date(1971, 1, 1), date(2100, 1, 1)),
    zone=st.sampled_from(
        [
            "Pacific/Honolulu",
            "America/Anchorage",
            "America/New_York",
            "UTC",
            "Asia/Kolkata",
            "Pacific/Chatham",
        ]
    ),
)
def test_a_day_is_the_same_day_for_every_reader(day: date, zone: str) -> None:
    assert when.within(day).astimezone(ZoneInfo(zone)).date() == day


def test_an_answer_that_comes_shows_days_as_the_finished_one_does() -> None:
    [block] = [_said("The first gift was $50 on 3 Mar 2019.")]
    assert [part["type"] for part in block["elements"][0]["elements"]] == ["text", "date", "text"]


def test_what_would_be_written_is_shown_to_the_letter() -> None:
    """A title with a day in it goes to the CRM as it is read here; a field that is a day is a day."""
    title = FieldChange(record="new", field="Task", before="none", after="Call before 26 Nov 2026")
    due = title.model_copy(update={"field": "Due", "after": "26 Nov 2026"})
    shown = str(escalation_message(CARD.model_copy(update={"changes": (title, due)}), OPEN).blocks)
    assert "'text': 'Call before 26 Nov 2026'" in shown
    assert "'text': '26 Nov 2026'" not in shown


def test_small_print_that_markup_would_change_stays_as_it_is() -> None:
    assert fine_print("as of 26 Nov 2026, *all*")["elements"][0]["type"] == "plain_text"
    [element] = fine_print("A & B as of 26 Nov 2026")["elements"]
    assert element["text"] == "A &amp; B as of <!date^1795687500^{date_short}|26 Nov 2026>"
    assert datetime.fromtimestamp(1795687500, UTC) == datetime(2026, 11, 26, 10, 5, tzinfo=UTC)


def test_a_citation_leads_to_the_very_record_where_it_has_an_address() -> None:
    there = "http://127.0.0.1:8400/donors/D-100#G-9"
    sources = (SOURCES[2].model_copy(update={"url": there}), *SOURCES[:2], SOURCES[3])
    shown = escalation_message(CARD.model_copy(update={"sources": sources}), OPEN).blocks
    why = next(block for block in shown if "Why" in str(block))
    first = why["elements"][1]["elements"][0]["elements"]
    assert [(leaf["type"], leaf["url"]) for leaf in first if "url" in leaf] == [
        ("link", DONOR.record_url),
        ("date", DONOR.record_url),
    ]
    in_full = in_full_view(CardInFull(card=CARD.model_copy(update={"sources": sources})))["blocks"]
    [reasons] = [block for block in in_full if "5 times her gift" in str(block)]
    first = reasons["elements"][1]["elements"][0]["elements"]
    assert [(leaf["type"], leaf["url"]) for leaf in first if "url" in leaf] == [
        ("link", DONOR.record_url),
        ("date", DONOR.record_url),
        ("link", there),
        ("date", there),
    ]
    assert said("3 May 1962", 90) == [{"type": "text", "text": "3 May 1962"}], "before Slack's days begin"
