"""Who decides while somebody is away, also when their delegate is away, gone, or sends everything back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.away import absence_request
from handlers.commands import AwayRequested, BackRequested, ChatUser, ReplyAddress
from policy.delegation import Absence, StandIns, goes_round, stand_ins
from tests.examples import examples

START, END = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC)


def away(who: str, delegate: str | None = None) -> Absence:
    return Absence(
        id=f"a-{who}",
        user_id=f"U{who}",
        email=who,
        name=who.title(),
        starts_at=START,
        ends_at=END,
        delegate_email=delegate,
        delegate_name=delegate,
        created_at=START,
    )


@pytest.mark.parametrize(
    ("absences", "above", "gone", "people", "reviewers"),
    [
        ([], ["boss"], [], (), False),
        ([away("ann", "ben")], ["boss"], [], ("ben",), False),
        ([away("Ann", "Ben")], ["boss"], [], ("Ben",), False),
        ([away("ann", "ben"), away("ben", "cid")], ["boss"], [], ("ben", "cid"), False),
        ([away("ann", "ben"), away("ben")], ["boss"], [], ("ben", "boss"), False),
        ([away("ann", "ben"), away("ben", "ann")], ["boss"], [], ("ben", "boss"), False),
        ([away("ann", "ann")], ["boss"], [], ("boss",), False),
        ([away("ann")], ["boss", "chief"], [], ("boss",), False),
        ([away("ann"), away("boss", "cid")], ["boss", "chief"], [], ("chief",), False),
        ([away("ann"), away("boss"), away("chief")], ["boss", "chief"], [], (), True),
        ([away("ann")], [], [], (), True),
        ([], ["boss"], ["ann"], ("boss",), False),
        ([away("ann", "ben")], ["boss"], ["ben"], ("ben", "boss"), False),
        ([away("ann", "ben")], ["boss"], ["BEN", "boss"], ("ben",), True),
    ],
)
def test_who_decides(
    absences: list[Absence], above: list[str], gone: list[str], people: tuple[str, ...], *, reviewers: bool
) -> None:
    assert stand_ins("ann", absences, above, gone) == StandIns(people=people, reviewers=reviewers)


names = st.sampled_from(["ann", "ben", "cid", "dot", "eve"])


@settings(max_examples=examples(37))
@given(
    delegates=st.dictionaries(names, st.one_of(st.none(), names)),
    above=st.lists(names, max_size=3, unique=True),
    gone=st.frozensets(names, max_size=2),
)
def test_there_is_always_somebody_and_nobody_absent(
    delegates: dict[str, str | None], above: list[str], gone: frozenset[str]
) -> None:
    absences = [away(who, delegate) for who, delegate in delegates.items()]
    found = stand_ins("ann", absences, above, gone)
    there = "ann" not in delegates and "ann" not in gone
    assert there == (found == StandIns())
    assert found.present is None or (found.present not in delegates and found.present not in gone)
    assert len(set(found.people)) == len(found.people)
    assert there or found.reviewers or found.present


def test_a_circle_is_seen_before_it_is_made() -> None:
    others = [away("ben", "cid"), away("cid", "ann")]
    assert goes_round("ann", "ben", others)
    assert goes_round("ann", "ann", [])
    assert not goes_round("ann", "dot", others)
    assert not goes_round("ann", "ben", [away("ben", "cid"), away("cid", "ben")]), "a circle of others"


BY, TO = ChatUser(id="U0OLIVIA0"), ReplyAddress(channel_id="C1", user_id="U0OLIVIA0")


@pytest.mark.parametrize(
    ("text", "words", "delegates", "name"),
    [
        ("away", "", (), ""),
        ("  AWAY  ", "", (), ""),
        ("away until Friday", "until Friday", (), ""),
        ("away until Friday delegate <@U0SAM|sam>", "until Friday", ("U0SAM",), ""),
        ("away until Friday delegate <@U0SAM>", "until Friday", ("U0SAM",), ""),
        ("away delegate <@U0SAM|sam> until Friday", "until Friday", ("U0SAM",), ""),
        ("away until Friday <@U0SAM|sam>", "until Friday", ("U0SAM",), ""),
        ("away until Friday delegate to <@U0SAM|sam>.", "until Friday", ("U0SAM",), ""),
        ("away until Friday delegate @sam", "until Friday", (), "sam"),
        ("away until Friday @sam", "until Friday", (), "sam"),
        ("away until Friday, delegate Sam Lee", "until Friday", (), "Sam Lee"),
        ("away delegate Sam Lee from Monday until 5 Dec", "from Monday until 5 Dec", (), "Sam Lee"),
        (
            "away until Friday delegate <mailto:sam@x.example|sam@x.example>",
            "until Friday",
            (),
            "sam@x.example",
        ),
        ("away until Friday delegate <@U0A|a> <@U0B|b>", "until Friday", ("U0A", "U0B"), ""),
        ("<@U0CSIGN00> away until Friday delegate <@U0SAM>", "until Friday", ("U0SAM",), ""),
        ("away until &lt;b&gt;", "until <b>", (), ""),
    ],
)
def test_what_is_typed(text: str, words: str, delegates: tuple[str, ...], name: str) -> None:
    read = absence_request(text, BY, TO)
    assert read == AwayRequested(words=words, delegates=delegates, delegate_name=name, by=BY, reply_to=TO)


def test_back_ends_it_and_a_donor_called_back_is_a_donor() -> None:
    assert absence_request("back", BY, TO) == BackRequested(by=BY, reply_to=TO)
    for text in ("Back Anna", "backer", "awayday", "Jane Doe", "summary away", ""):
        assert absence_request(text, BY, TO) is None
