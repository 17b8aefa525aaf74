"""From the figures on the Home tab to the decisions behind them: who may, how many, and without a donor."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.slack.cards.decisions import decisions_view, unpacked
from handlers.commands import ChatUser, DecisionsRequested
from handlers.digests.figures import TOO_SMALL
from handlers.digests.whose_figures import FOR_MANAGERS
from handlers.outcomes import DecisionsShown, Window
from handlers.ports import Colleague
from policy.decided import BEHIND, Behind, OnlyBy
from policy.organisation import Organisation, Person
from storage.appending import AuditEntry
from tests.handlers.conftest import MANAGER, ORGANISATION, OWNER, House
from tests.managers.conftest import PEOPLE, START
from tests.managers.history import append

NOW = START + timedelta(days=35, hours=13)


async def listed(
    house: House,
    behind: Behind = "all",
    page: int = 0,
    by: Colleague = MANAGER,
    days: int = 7,
    narrowed_by: OnlyBy = "",
    only: str = "",
) -> Window:
    command = DecisionsRequested(
        behind=behind,
        page=page,
        days=days,
        narrowed_by=narrowed_by,
        only=only,
        view_id=f"V{house.accepted}",
        by=ChatUser(id=by.id),
    )
    await house.accept(command)
    await house.work_all()
    return house.chat.views[-1][1]


@pytest.fixture
async def lived_weeks(house: House, entries: tuple[AuditEntry, ...]) -> House:
    some = [entry for entry in entries if entry.at < NOW]
    await house.database.write(lambda tx: append(tx, some))
    house.clock.moment = NOW
    return house


def decided(entries: tuple[AuditEntry, ...], kind: str) -> list[datetime]:
    """When that happened in the last seven days, told by the audit alone."""
    return [entry.at for entry in entries if entry.kind == kind and NOW - timedelta(days=7) <= entry.at < NOW]


async def test_every_page_together_holds_what_the_audit_tells(
    lived_weeks: House, entries: tuple[AuditEntry, ...]
) -> None:
    for behind, kind in (("declined", "escalation.declined"), ("expired", "escalation.expired")):
        shown = await listed(lived_weeks, behind)  # type: ignore[arg-type]
        assert isinstance(shown, DecisionsShown)
        assert shown.total == len(decided(entries, kind))
    first = await listed(lived_weeks)
    assert isinstance(first, DecisionsShown)
    assert first.pages > 1
    pages = [await listed(lived_weeks, page=number) for number in range(first.pages)]
    lines = [line for page in pages if isinstance(page, DecisionsShown) for line in page.lines]
    assert len(lines) == first.total
    assert [line.at for line in lines] == sorted((line.at for line in lines), reverse=True)
    assert {line.person for line in lines} <= {user for user, _ in PEOPLE} | {""}
    assert await listed(lived_weeks, page=999) == pages[-1]


async def test_it_goes_back_further_and_down_to_one_action_reason_or_rule(
    lived_weeks: House, entries: tuple[AuditEntry, ...]
) -> None:
    since = NOW - timedelta(days=28)
    ends = ("approved", "declined", "sent_back", "deferred", "passed_on", "expired")
    kinds = {*(f"escalation.{end}" for end in ends), "action.undone"}
    happened = [e for e in entries if e.kind in kinds and since <= e.at < NOW]
    timing = [e for e in happened if dict(e.payload).get("reason_code") == "wrong_timing"]  # type: ignore[call-overload]
    assert 0 < len(timing) < len(happened)
    every = await listed(lived_weeks, days=28)
    assert isinstance(every, DecisionsShown)
    assert (every.total, every.days) == (len(happened), 28)
    assert ("r", "wrong_timing", "Not the right time") in {(c.by, c.value, c.label) for c in every.choices}
    some = await listed(lived_weeks, days=28, narrowed_by="r", only="wrong_timing")
    assert isinstance(some, DecisionsShown)
    assert some.total == len(timing)
    assert {line.reason for line in some.lines} == {"Not the right time"}
    by_action = [
        await listed(lived_weeks, days=28, narrowed_by="a", only=c.value)
        for c in every.choices
        if c.by == "a"
    ]
    assert sum(each.total for each in by_action if isinstance(each, DecisionsShown)) == len(happened)
    held = await listed(lived_weeks, "held", days=28)
    assert isinstance(held, DecisionsShown)
    assert {c.value for c in held.choices if c.by == "r"} == {"consent_missing"}
    assert held.total > 0
    odd = await listed(lived_weeks, days=3)
    assert isinstance(odd, DecisionsShown)
    assert odd.days == 7, "a span that nobody offers is the usual one"


async def test_every_choice_in_the_window_leads_to_what_it_says(lived_weeks: House) -> None:
    shown = await listed(lived_weeks, "declined", days=28, narrowed_by="r", only="wrong_timing")
    assert isinstance(shown, DecisionsShown)
    row = next(b for b in decisions_view(shown)["blocks"] if b.get("block_id") == "cs:decisions")
    assert [each["initial_option"]["text"]["text"] for each in row["elements"]] == [
        "Declined",
        "Last 4 weeks",
        "Because of: Not the right time",
    ]
    for option in (option for each in row["elements"] for option in each["options"]):
        word, _, page = option["value"].partition(":")
        assert page == "0"
        assert unpacked(word)["behind"] in BEHIND
    with pytest.raises(ValueError, match="days"):
        unpacked("declined~28~p~U1")  # by person is not offered
    of_team = decisions_view(shown.model_copy(update={"team": "major"}))
    assert "Held back by a rule" not in str(of_team)


async def test_no_line_names_a_donor(lived_weeks: House) -> None:
    donors = {"donor", "Margaret"}
    for behind in BEHIND:
        shown = await listed(lived_weeks, behind)
        assert isinstance(shown, DecisionsShown)
        view = str(decisions_view(shown)).replace("No donor is named here", "")
        assert not {word for word in donors if word in view}


async def test_only_those_who_see_the_figures_see_what_is_behind_them(house: House) -> None:
    assert await listed(house, by=OWNER) == FOR_MANAGERS
    people = (Person(email=MANAGER.email, roles=("manager",), team="east"),)
    organisation = Organisation.model_validate(ORGANISATION.model_dump() | {"people": people})
    house = replace(house, context=replace(house.context, organisation=organisation))
    small = await listed(house)
    assert small.model_dump()["text"] == TOO_SMALL
