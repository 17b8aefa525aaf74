"""From the figures on the Home tab to the decisions behind them: who may, how many, and without a donor."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.slack.cards.decisions import decisions_view
from handlers.commands import ChatUser, DecisionsRequested
from handlers.digests.figures import TOO_SMALL
from handlers.digests.whose_figures import FOR_MANAGERS
from handlers.outcomes import DecisionsShown, Window
from handlers.ports import Colleague
from policy.decided import BEHIND, Behind
from policy.organisation import Organisation, Person
from storage.appending import AuditEntry
from tests.handlers.conftest import MANAGER, ORGANISATION, OWNER, House
from tests.managers.conftest import PEOPLE, START
from tests.managers.history import append

NOW = START + timedelta(days=35, hours=13)


async def listed(house: House, behind: Behind = "all", page: int = 0, by: Colleague = MANAGER) -> Window:
    await house.accept(
        DecisionsRequested(behind=behind, page=page, view_id=f"V{house.accepted}", by=ChatUser(id=by.id))
    )
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
