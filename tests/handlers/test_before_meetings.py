"""Whoever is about to meet a donor gets a summary: once, in working hours, unless they do not want it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers.commands import MeetingsDue
from handlers.outcomes import SummaryShown
from policy.decide import CompiledPolicy
from policy.donor import PlannedMeeting
from policy.organisation import Organisation
from tests.handlers.conftest import MANAGER, ORGANISATION, OWNER, House, house_in

DONOR = "donor-1"
# The clock starts on Friday, 20 November 2026, at ten in the morning in New York.
AFTERNOON = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
MONDAY_AT_NINE = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as made:
        yield made
        await made.database.close()


def plan(house: House, at: datetime, email: str | None = OWNER.email) -> None:
    house.crm.meetings = [PlannedMeeting(id="meeting-1", donor_id=DONOR, at=at, staff_email=email)]


async def looked(house: House) -> list[tuple[str, datetime | None]]:
    """Look once more; return everything that was sent so far: to whom, for which meeting."""
    await house.accept(MeetingsDue(period_key=f"5:{house.accepted}"))
    await house.work_all()
    sent = [(user, shown) for user, shown in house.chat.whispers if isinstance(shown, SummaryShown)]
    return [(user, shown.before) for user, shown in sent]


async def test_an_hour_of_working_time_before_and_once(house: House) -> None:
    plan(house, AFTERNOON)
    assert await looked(house) == []
    house.clock.move(hours=4)
    assert await looked(house) == [(OWNER.id, AFTERNOON)]
    assert await looked(house) == [(OWNER.id, AFTERNOON)]
    moved = AFTERNOON + timedelta(minutes=40)
    plan(house, moved)
    house.clock.move(minutes=45)
    assert await looked(house) == [(OWNER.id, AFTERNOON), (OWNER.id, moved)]
    house.clock.move(hours=2)
    plan(house, AFTERNOON + timedelta(minutes=50))
    assert len(await looked(house)) == 2


async def test_for_the_first_hour_of_monday_on_friday_afternoon(house: House) -> None:
    plan(house, MONDAY_AT_NINE)
    house.clock.move(hours=5, minutes=50)
    assert await looked(house) == []
    house.clock.move(minutes=15)
    assert await looked(house) == [(OWNER.id, MONDAY_AT_NINE)]


@pytest.mark.parametrize(
    ("settings", "email"),
    [
        ({"summaries_before_meetings": False}, OWNER.email),
        ({"people": [{"email": OWNER.email, "summaries_before_meetings": False}]}, OWNER.email),
        ({}, None),
        ({}, "nobody@x.example"),
    ],
)
async def test_who_does_not_want_it_or_is_not_here_gets_none(
    house: House, settings: dict[str, object], email: str | None
) -> None:
    organisation = Organisation.model_validate(ORGANISATION.model_dump() | settings)
    house.context = replace(house.context, organisation=organisation)
    plan(house, AFTERNOON, email)
    house.clock.move(hours=4)
    assert await looked(house) == []


async def test_it_goes_to_whoever_meets_the_donor_and_whoever_listens_hears_of_it(house: House) -> None:
    heard: list[dict[str, Any]] = []

    class Stream:
        async def publish(self, event: str) -> None:
            heard.append(json.loads(event))

    house.context = replace(house.context, stream=Stream())
    plan(house, AFTERNOON, MANAGER.email)
    house.clock.move(hours=4)
    assert await looked(house) == [(MANAGER.id, AFTERNOON)]
    entries = await house.database.read(
        lambda tx: [
            e
            for e in tx.audit.between(AFTERNOON - timedelta(days=1), AFTERNOON)
            if e.kind == "summary.before_meeting"
        ]
    )
    assert [e.subject for e in entries] == [DONOR]
    [event] = heard
    shown = house.chat.whispers[-1][1]
    assert (event["type"], event["subject"]) == ("countersign.summary_generated", shown.answer_id)
    told = event["data"]
    assert (told["model"], told["why_no_model"], told["before_meeting"]) == ("facts", "no_model", True)
    assert (told["confidence"], told["policy_outcome"]) == (shown.summary.confidence.score, "not_needed")
    assert not any(word in json.dumps(heard) for word in (DONOR, "Margaret", "Okafor", "$"))
