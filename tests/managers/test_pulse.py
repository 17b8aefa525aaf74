"""The monthly question: who is asked and when, what they may answer, and what managers see of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.scheduler import Scheduler
from handlers.commands import ChatUser, PulseAnswered, PulseDue, PulseSwitched, ReplyAddress, RetentionDue
from handlers.outcomes import Notice, PulseAsked
from handlers.ports import Colleague
from handlers.pulse.answer_pulse import ALREADY, NEVER, NOT_YOURS, SKIPPED, THANKS
from policy.delegation import Absence
from policy.organisation import Organisation
from policy.pulse import NONE_ASKED, TOO_FEW, Pulse, Trust, may_ask, trust_section
from policy.retention import DEFAULT_RETENTION
from storage.answers import Answer
from storage.appending import AuditEntry
from storage.bell import InProcessBell
from tests.handlers.conftest import MANAGER, ORGANISATION, OWNER, STRANGER, House

DAY = timedelta(days=1)
MONDAY_NINE = datetime(2026, 12, 7, 14, 0, tzinfo=UTC)
"""Nine in New York, fifteen o'clock in Berlin."""


async def used(house: House, person: Colleague, times: int = 5) -> None:
    """Somebody looked at donors so many times, a day ago."""

    def write(tx) -> None:  # type: ignore[no-untyped-def]
        for number in range(times):
            tx.audit.append(
                AuditEntry(
                    id=f"{person.id}-{number}-{house.ids.new()}",
                    at=house.clock.now() - timedelta(days=1),
                    kind="timeline.shown",
                    correlation_id="c",
                    subject=None,
                    actor=f"slack:{person.id}",
                    payload={},
                )
            )

    await house.database.write(write)


async def look(house: House, key: str) -> list[str]:
    """Have it looked who is to be asked; return who was."""
    before = len(house.chat.whispers)
    await house.accept(PulseDue(period_key=key))
    await house.work_all()
    return [user for user, shown in house.chat.whispers[before:] if isinstance(shown, PulseAsked)]


async def press(house: House, pulse_id: str, choice: str, by: Colleague) -> Notice:
    to = ReplyAddress(channel_id=f"D{by.id}", user_id=by.id, replace=True)
    command = {"pulse_id": pulse_id, "choice": choice, "by": ChatUser(id=by.id), "reply_to": to}
    await house.accept(PulseAnswered.model_validate(command))
    await house.work_all()
    said = house.chat.whispers[-1][1]
    assert isinstance(said, Notice)
    return said


def asked(house: House) -> PulseAsked:
    return next(shown for _, shown in reversed(house.chat.whispers) if isinstance(shown, PulseAsked))


async def test_people_who_use_it_are_asked_once_a_month_while_they_work(house: House) -> None:
    house.clock.moment = MONDAY_NINE - timedelta(hours=3)
    await used(house, OWNER)
    await used(house, STRANGER)
    await used(house, MANAGER, times=4)
    assert await look(house, "1") == [STRANGER.id], "in New York nobody works yet, and Mara hardly uses it"
    house.clock.moment = MONDAY_NINE
    assert await look(house, "2") == [OWNER.id]
    assert await look(house, "3") == []
    house.clock.moment = datetime(2027, 1, 5, 15, 0, tzinfo=UTC)
    await used(house, OWNER)
    assert await look(house, "4") == [OWNER.id], "a new month"


async def test_nobody_is_asked_while_away_in_quiet_hours_or_against_their_will(house: House) -> None:
    house.clock.moment = MONDAY_NINE
    await used(house, OWNER)
    quiet = Organisation.model_validate(ORGANISATION.model_dump() | {"quiet_hours": (8, 10)})
    loud = house.context
    house.context = replace(loud, organisation=quiet)
    assert await look(house, "quiet") == []
    house.context = loud
    away = Absence(
        id="away",
        user_id=OWNER.id,
        email=OWNER.email,
        name=OWNER.name,
        starts_at=MONDAY_NINE - timedelta(days=1),
        ends_at=MONDAY_NINE + timedelta(minutes=1),
        created_at=MONDAY_NINE,
    )
    await house.database.write(lambda tx: tx.absences.add(away))
    assert await look(house, "away") == []
    house.clock.move(minutes=1)
    to = ReplyAddress(channel_id="C1", user_id=OWNER.id)
    await house.accept(PulseSwitched(wanted=False, by=ChatUser(id=OWNER.id), reply_to=to))
    assert await look(house, "against their will") == []
    await house.accept(PulseSwitched(wanted=True, by=ChatUser(id=OWNER.id), reply_to=to))
    assert await look(house, "wanted again") == [OWNER.id]


@pytest.mark.parametrize(
    ("choice", "said", "kept", "refused"),
    [("4", THANKS, 4, False), ("skip", SKIPPED, None, False), ("never", NEVER, None, True)],
)
async def test_an_answer_is_kept_for_sums_and_counts_once(
    house: House, choice: str, said: Notice, kept: int | None, refused: bool
) -> None:
    house.clock.moment = MONDAY_NINE
    await used(house, OWNER)
    await look(house, "1")
    pulse_id = asked(house).pulse_id
    assert await press(house, pulse_id, choice, MANAGER) == NOT_YOURS
    assert await press(house, pulse_id, choice, OWNER) == said
    assert await press(house, pulse_id, "1", OWNER) == ALREADY
    pulse = await house.database.read(lambda tx: tx.pulses.get(pulse_id))
    assert pulse is not None
    assert (pulse.answer, pulse.ended_at) == (kept, MONDAY_NINE)
    assert await house.database.read(lambda tx: tx.pulses.refused(OWNER.id)) is refused
    entries = await house.database.read(
        lambda tx: tx.audit.between(MONDAY_NINE, MONDAY_NINE + timedelta(hours=1))
    )
    told = [entry for entry in entries if entry.kind.startswith("pulse")]
    assert all("answer" not in (entry.payload or {}) for entry in told), "the audit does not say what"


async def test_two_replicas_have_it_looked_once_an_hour(house: House) -> None:
    for hour in (0, 1):
        for _ in range(2):
            await Scheduler(house.context, InProcessBell(), None, poll_s=60).ask_pulse()
        await house.work_all()
        start, end = house.clock.now() - timedelta(days=1), house.clock.now() + timedelta(days=1)
        entries = await house.database.read(lambda tx: tx.audit.between(start, end))  # noqa: B023
        assert [entry.kind for entry in entries] == ["pulse_due.handled"] * (hour + 1)
        house.clock.move(hours=1)


async def test_what_was_answered_long_ago_is_forgotten_by_the_rule_for_it(house: House) -> None:
    days = next(rule.days for rule in DEFAULT_RETENTION if "pulse.*" in rule.kinds)
    begun = house.clock.now()
    for number, age in enumerate((days + 1, days - 1)):
        pulse = Pulse(id=f"p{number}", person="U1", month=f"2025-0{number + 1}", asked_at=begun - age * DAY)
        await house.database.write(lambda tx, pulse=pulse: tx.pulses.ask(pulse))  # type: ignore[misc]
    for answer_id, age in (("old", 801), ("young", 799)):
        answer = Answer(
            id=answer_id,
            kind="summary",
            asked_by="U1",
            donor_id="donor-1",
            body=b"{}",
            created_at=begun - age * DAY,
            correlation_id="c",
        )
        await house.database.write(lambda tx, answer=answer: tx.answers.add(answer))  # type: ignore[misc]
    await house.accept(RetentionDue(period_key="today"))
    await house.work_all()
    left = [await house.database.read(lambda tx, n=n: tx.pulses.get(f"p{n}")) for n in (0, 1)]  # type: ignore[misc]
    assert [pulse is None for pulse in left] == [True, False]
    assert await house.database.read(lambda tx: tx.answers.get("old")) is None
    assert await house.database.read(lambda tx: tx.answers.get("young")) is not None
    start, end = begun - DAY, begun + DAY
    entries = await house.database.read(lambda tx: tx.audit.between(start, end))
    [told] = [entry.payload for entry in entries if entry.kind == "retention.forgotten"]
    assert told == {"comparisons": 0, "reports": 0, "pulses": 1, "answers": 1}


def test_soon_after_the_last_time_nobody_is_asked() -> None:
    latest = Pulse(id="p", person="U1", month="2026-11", asked_at=datetime(2026, 11, 28, tzinfo=UTC))
    assert not may_ask(latest, "2026-11", latest.asked_at + timedelta(days=30))
    assert not may_ask(latest, "2026-12", latest.asked_at + timedelta(days=5))
    assert may_ask(latest, "2026-12", latest.asked_at + timedelta(days=21))


@pytest.mark.parametrize(
    ("trust", "says", "rows"),
    [
        (Trust(), NONE_ASKED, 0),
        (Trust(now=(5, 5, 5, 5), before=(1,) * 9), TOO_FEW, 0),
        (
            Trust(now=(2, 3, 4, 4, 5), before=(1, 1, 1)),
            (
                "At least half of the 5 people who answered trust the suggestions with 4 of 5 or more."
                " The month before too few answered to compare."
            ),
            5,
        ),
        (
            Trust(now=(2, 3, 4, 4, 5, 5), before=(3, 3, 3, 4, 5)),
            (
                "At least half of the 6 people who answered trust the suggestions with 4 of 5 or more."
                " The month before it was 3 of 5 (5 people)."
            ),
            5,
        ),
    ],
)
def test_of_a_few_answers_nothing_is_said(trust: Trust, says: str, rows: int) -> None:
    section = trust_section(trust)
    assert (section.says, len(section.rows)) == (says, rows)
    if 0 < len(trust.before) < 5:
        assert {row[2] for row in section.rows} == {"–"}
