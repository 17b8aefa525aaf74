"""A digest is delivered once, with its detail and its figures; managers may have one now, others may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.slack.cards.home import home_view
from handlers.commands import ChatUser, DigestDue, DigestRequested, HomeOpened, ReplyAddress
from handlers.digests.as_csv import as_csv, harmless
from handlers.digests.figures import digest_shown
from handlers.digests.whose_figures import FOR_MANAGERS
from handlers.outcomes import DigestDetail, DigestFigure, DigestShown, Notice, Outcome
from handlers.ports import MessageRef, Refused
from policy.chart_words import in_words
from policy.digest import DigestKind, DigestSection
from policy.digest_periods import rolling_period
from policy.organisation import DigestSchedule, Organisation
from storage.appending import AuditEntry
from tests.fakes import FakeChat
from tests.handlers.conftest import MANAGER, ORGANISATION, OWNER, House
from tests.managers.conftest import START
from tests.managers.history import append

SCHEDULE = DigestSchedule(id="weekly", channel="CMANAGERS", kind=DigestKind.OVERRIDE, cron="0 8 * * mon")
MONDAY = START + timedelta(days=14, hours=13)


def with_digests(house: House, *schedules: DigestSchedule, **changes: object) -> House:
    organisation = Organisation.model_validate(ORGANISATION.model_dump() | {"digests": schedules} | changes)
    return replace(house, context=replace(house.context, organisation=organisation))


async def lived_weeks(house: House, entries: tuple[AuditEntry, ...]) -> None:
    some = [entry for entry in entries if entry.at < MONDAY]
    await house.database.write(lambda tx: append(tx, some))
    house.clock.moment = MONDAY


def digests(house: House) -> list[DigestShown]:
    return [outcome for _, _, outcome in house.chat.posts if isinstance(outcome, DigestShown)]


def details(house: House) -> list[DigestDetail]:
    return [outcome for _, _, outcome in house.chat.posts if isinstance(outcome, DigestDetail)]


async def test_a_digest_has_its_detail_and_its_figures_in_the_thread(
    house: House, entries: tuple[AuditEntry, ...]
) -> None:
    house = with_digests(house, SCHEDULE)
    await lived_weeks(house, entries)
    await house.accept(DigestDue(schedule_id="weekly", period_key=MONDAY.isoformat()))
    await house.work_all()
    [digest] = digests(house)
    assert (digest.kind, digest.late, digest.zone) == (DigestKind.OVERRIDE, False, "America/New_York")
    assert (digest.period_end - digest.period_start).days == 7
    assert [detail.section for detail in details(house)] == list(digest.sections)
    [(name, content, thread)] = house.chat.files
    assert name == "override-2026-01-12-2026-01-18.csv"
    assert thread.channel_id == "CMANAGERS"
    assert "Approved as proposed" in content.decode("utf-8-sig")
    entries = await house.database.read(lambda tx: tx.audit.of_kind("digest.delivered"))
    assert [entry.payload and entry.payload["late"] for entry in entries] == [False]


async def test_a_late_one_says_so_and_a_lost_answer_posts_nothing_twice(
    house: House, entries: tuple[AuditEntry, ...]
) -> None:
    house = with_digests(house, SCHEDULE)
    await lived_weeks(house, entries)
    house.clock.move(hours=9)
    house.chat.health = "loses answers"
    await house.accept(DigestDue(schedule_id="weekly", period_key=MONDAY.isoformat()))
    for _ in range(12):
        await house.work(20)
        house.clock.move(seconds=2)
    house.chat.health = "well"
    await house.work_all()
    [digest] = digests(house)
    assert digest.late
    assert (len(details(house)), len(house.chat.files)) == (len(digest.sections), 1)


@pytest.mark.parametrize("files", [True, False])
async def test_a_workspace_without_charts_gets_pictures_and_one_without_files_the_tables(
    house: House, entries: tuple[AuditEntry, ...], monkeypatch: pytest.MonkeyPatch, files: bool
) -> None:
    house = with_digests(house, SCHEDULE.model_copy(update={"kind": DigestKind.ADOPTION}))
    await lived_weeks(house, entries)
    post = FakeChat.post

    async def without_charts(
        chat: FakeChat,
        outcome: Outcome,
        channel: str,
        marker: str,
        retry_since: datetime | None,
        thread_ts: str | None = None,
    ) -> MessageRef:
        if getattr(outcome, "charts", False):
            raise Refused("slack", "invalid_blocks")
        return await post(chat, outcome, channel, marker, retry_since, thread_ts)

    async def no_files(*_args: object) -> None:
        raise Refused("slack", "missing_scope")

    monkeypatch.setattr(FakeChat, "post", without_charts)
    if not files:
        monkeypatch.setattr(FakeChat, "share_file", no_files)
    await house.accept(DigestDue(schedule_id="weekly", period_key=MONDAY.isoformat()))
    await house.work_all()
    [digest] = digests(house)
    assert not digest.charts
    assert [detail.charts for detail in details(house)] == [False] * len(digest.sections)
    assert house.dead == []
    if files:
        drawn = [in_words(section.chart).encode() for section in digest.sections if section.chart]
        assert [content for name, content, _ in house.chat.files if name.endswith(".png")] == drawn
        assert len(drawn) == 1
    refused = await house.database.read(lambda tx: tx.audit.of_kind("digest.file_refused"))
    assert bool(refused) is not files


async def test_only_managers_may_have_a_digest_now(house: House, entries: tuple[AuditEntry, ...]) -> None:
    await lived_weeks(house, entries)
    for person, kind in ((OWNER, "adoption"), (MANAGER, "adoption"), (MANAGER, "everything")):
        to = ReplyAddress(channel_id="C1", user_id=person.id)
        await house.accept(DigestRequested(kind=kind, by=ChatUser(id=person.id), reply_to=to))
        await house.work_all()
    told = [(user, said.text) for user, said in house.chat.whispers if isinstance(said, Notice)]
    assert told[0] == (OWNER.id, FOR_MANAGERS.text)
    assert told[1][1].startswith("“Who uses it, and for what” of the last 7 days")
    assert told[2][1] == "Which digest would you like?"
    assert [channel for channel, _, shown in house.chat.posts if isinstance(shown, DigestShown)] == [
        f"D{MANAGER.id}"
    ]


async def test_figures_about_a_team_of_two_are_not_shown(
    house: House, entries: tuple[AuditEntry, ...]
) -> None:
    people = [{"email": OWNER.email, "team": "small"}, {"email": MANAGER.email, "team": "small"}]
    house = with_digests(house, SCHEDULE.model_copy(update={"team": "small"}), people=people)
    await lived_weeks(house, entries)
    await house.accept(DigestDue(schedule_id="weekly", period_key=MONDAY.isoformat()))
    await house.work_all()
    [digest] = digests(house)
    assert (digest.figures, digest.sections) == ((), ())
    assert "fewer than 5 people" in digest.headline


def test_no_cell_of_the_file_is_a_formula() -> None:
    evil = '=HYPERLINK("http://x","y")'
    section = DigestSection(id="a", title="@A", says="", columns=("", "+n"), rows=((evil, "-1"),))
    digest = DigestShown(
        title="t",
        period_start=START,
        period_end=MONDAY,
        headline="",
        figures=(DigestFigure(label=evil, value="1", before="2"),),
        sections=(section,),
    )
    lines = as_csv(digest).splitlines()
    assert lines[1] == """Figures,"'=HYPERLINK(""http://x"",""y"")",now,1,,,,,"""
    assert lines[3] == """'@A,"'=HYPERLINK(""http://x"",""y"")",'+n,'-1,,,,,"""
    assert [harmless(cell) for cell in ("\tx", "3 of 4", "75 %")] == ["'\tx", "3 of 4", "75 %"]


async def test_the_home_tab_shows_managers_their_team_and_nobody_else(
    house: House, entries: tuple[AuditEntry, ...]
) -> None:
    await lived_weeks(house, entries)
    for person in (OWNER, MANAGER):
        await house.accept(HomeOpened(by=ChatUser(id=person.id)))
        await house.work_all()
    shown = {user: home.managing for user, home in house.chat.homes}
    assert shown[OWNER.id] is None
    managing = shown[MANAGER.id]
    assert managing is not None
    assert (managing.days, managing.team) == (7, None)
    labels = [figure.label for figure in managing.figures]
    assert labels[:2] == ["People who used it", "Donor summaries"]
    assert "Approved as proposed" in labels
    digest = await digest_shown(
        DigestKind.OVERRIDE, None, rolling_period(7, house.clock.now()), ZoneInfo("UTC"), house.context
    )
    assert managing.headline == digest.headline
    view = home_view(house.chat.homes[-1][1])
    assert not {block["type"] for block in view["blocks"]} & {"table", "data_visualization"}
