"""A year with known effects in it: the digests find them, and say what an auditor counts from the audit."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from bot.cli.operator import arrival
from bot.export.archive import Order, write_export
from bot.export.contents import Scope
from handlers.digests.add_up import add_up
from handlers.digests.as_csv import as_csv
from handlers.digests.count_older import UNCOUNTED, count_older_entries
from handlers.digests.count_outcomes import outcomes_lately
from handlers.digests.figures import digest_of_everybody, gathered
from handlers.record.erase_donor import ErasureOrder, erase_donor
from policy.cells import Pair, Where, because
from policy.digest import DigestKind, Told, in_words
from policy.digest_amounts import amounts
from policy.digest_material import Came
from policy.digest_periods import Period, rolling_period
from policy.digest_words import bare_share, percent
from policy.interactions import CONCLUDED, OVERRIDES, Kind
from policy.money import Money
from policy.organisation import Organisation, Person
from policy.statistics import Share, median_of
from policy.tally import By
from storage.appending import AuditEntry
from storage.database import Database
from storage.outcomes import Window
from storage.team import Team
from tests.databases import perform
from tests.handlers.conftest import KEYS, House
from tests.managers import recount
from tests.managers.conftest import DAYS, PEOPLE, START, Lived
from tests.managers.history import append
from tests.managers.households import compared_of
from tests.managers.oracle import came_after, count, given_after, given_in_campaign

HALF = START + timedelta(days=DAYS // 2)
END = START + timedelta(days=DAYS)
PERIOD = Period(START, HALF, END)
ORGANISATION = Organisation(
    review_channel="C", people=tuple(Person(email=email, team="major") for _, email in PEOPLE)
)
DAY = timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")


async def test_every_figure_is_what_the_audit_says(lived: Database) -> None:
    records = await lived.read(lambda tx: tx.audit.between(START, END + timedelta(days=100)))
    now, before = count(records, HALF, END), count(records, START, HALF)
    cells = await lived.read(lambda tx: tx.interactions.cells(PERIOD))

    def pair(one: int, other: int) -> Pair:
        return Pair(one, other)

    for kind in CONCLUDED:
        assert cells.count(kind) == pair(now.ends[kind.value], before.ends[kind.value]), kind
        for action in now.by_action:
            found = cells.count(kind, Where(By.ACTION, action))
            assert found == pair(now.by_action[action][kind.value], before.by_action[action][kind.value])
        for tenth in now.by_confidence:
            found = cells.count(kind, Where(By.CONFIDENCE, str(tenth)))
            assert found == pair(
                now.by_confidence[tenth][kind.value], before.by_confidence[tenth][kind.value]
            )
        for prompt in ("1", "2"):
            found = cells.count(kind, Where(By.VERSION, f"recommend {prompt} · m-1"))
            assert found == pair(now.by_prompt[prompt][kind.value], before.by_prompt[prompt][kind.value])
    for code in now.reasons:
        assert cells.count(OVERRIDES, because(code)) == pair(now.reasons[code], before.reasons[code])
    assert cells.count(Kind.SUMMARY) == pair(now.summaries, before.summaries)
    assert cells.count(Kind.USEFUL) == pair(now.useful["useful"], before.useful["useful"])
    assert cells.count(Kind.RECOMMENDED, because("deny")) == pair(now.held, before.held)
    assert cells.count(Kind.UNDONE) == pair(now.undone, before.undone)
    assert cells.count(Kind.EXECUTED) == pair(now.executed, before.executed)
    assert cells.count(Kind.FASTER) == pair(now.faster, before.faster)
    assert cells.amount(Kind.TOKENS) == pair(now.tokens, before.tokens)
    assert median_of(cells.now.minutes) == now.median_minutes


@pytest.mark.parametrize(("came", "days"), [("gave", 90), ("gave", 30), ("retained", 200), ("gifts", 90)])
async def test_what_came_after_a_decision_is_what_the_audit_says(
    lived: Database, came: Came, days: int
) -> None:
    records = await lived.read(lambda tx: tx.audit.between(START, END + timedelta(days=400)))
    last, span = END - timedelta(days=days), timedelta(days=days)
    expected = came_after(records, START, last, days, came)
    followed = await lived.read(
        lambda tx: tx.outcomes.followed([Window((came,), START, last, span)]).followed[came]
    )
    assert {each.action_kind: each.pair for each in followed} == {
        by: compared_of(households) for by, households in expected.items()
    }


async def test_how_much_was_given_after_decisions_is_what_the_audit_says(lived: Database) -> None:
    records = await lived.read(lambda tx: tx.audit.between(START, END + timedelta(days=400)))
    span = timedelta(days=90)
    window = Window(("gifts",), START, END - span, span)
    found = await lived.read(lambda tx: tx.outcomes.followed([window]).given)
    expected = given_after(records, START, END - span, 90)
    assert {(each.currency, each.acted): list(each.totals) for each in found} == expected
    assert {currency for currency, _ in expected} == {"USD", "EUR"}
    section = amounts(found, ())
    acted = expected["USD", True]
    middle = Money(minor=round(median(acted)), currency="USD")
    rows = [tuple(map(in_words, row)) for row in section.rows]
    assert rows[0][:3] == ("USD, acted on", str(len(acted)), str(middle))
    assert rows[0][4] == str(Money(minor=sum(acted), currency="USD"))
    assert rows[1][1:] == (str(len(expected["USD", False])), *["too few"] * 4)


async def test_what_came_in_the_time_of_a_campaign_is_what_the_audit_says(lived: Database) -> None:
    records = await lived.read(lambda tx: tx.audit.between(START, END + timedelta(days=400)))
    until = START + timedelta(days=300)
    found = await lived.read(lambda tx: tx.outcomes.campaigns(START, until))
    assert [each.name for each in found] == ["Appeal 3", "Appeal 2", "Appeal 1"]
    assert [each.pair for each in found] == [
        compared_of(given_in_campaign(records, f"campaign-{number}")) for number in (2, 1, 0)
    ]


async def test_the_planted_effects_are_found_and_chance_is_not_called_one(lived: Database) -> None:
    override = await digest_of_everybody(DigestKind.OVERRIDE, PERIOD, UTC_ZONE, ORGANISATION, lived)
    says = {section.id: section.says for section in override.sections}
    assert says["by_action"].startswith("Most often for “Record a thank-you”")
    assert "Not the right time" in says["reasons"]
    assert says["by_stage"] == "The shares differ no more than chance would make them."
    assert says["reliability"].startswith("A higher confidence is approved more often")
    diagram = next(section.chart for section in override.sections if section.id == "reliability")
    assert diagram is not None
    assert diagram.categories == ("40–49", "60–69", "70–79", "80–89", "90–100")
    assert [series.name for series in diagram.series] == ["Approved", "Confidence (middle)"]
    assert diagram.series[1].values == (45.0, 65.0, 75.0, 85.0, 95.0)
    assert says["gates"].endswith("“consent missing”.")
    assert len(next(s for s in override.sections if s.id == "worth_reading").rows) == 10
    figures = {figure.label: figure for figure in override.figures}
    assert in_words(figures["Approved faster than reading"].value).endswith(")")
    outcomes = await digest_of_everybody(DigestKind.OUTCOMES, PERIOD, UTC_ZONE, ORGANISATION, lived)
    assert {section.id: section.says for section in outcomes.sections} == {
        "gifts": "After 58 % of what was acted on the donor gave, after 24 % of what was not: "
        "22 to 43 points more.",
        "campaigns": "Of 3 campaigns, clearly more donors gave after what was acted on in “Appeal 2”.",
        "replies": "After none of 626 decisions the donor answered.",
        "retention": "Too few to compare: decisions about 0 households acted on, about 0 not; "
        "at least 20 of each are needed.",
        "downstream": "After 100 decisions acted on came 52 gifts, after 100 of the others 10: "
        "29 to 51 more.",
        "amounts": "Too few to compare: at least 20 households have to have given in one currency after "
        "what was acted on, and after what was not; most are 121 in USD.",
    }
    assert outcomes.sections[0].notes == (
        outcomes.footnotes[0],
        (
            "Of decisions from 7 Oct 2025 to 1 Oct 2026: the period and the one before it, as long ago as "
            "they are followed."
        ),
    )
    assert "not a proof" in outcomes.footnotes[0]


async def test_the_headline_figures_are_recounted_from_the_exported_zip(year: Lived, tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{shutil.copy(year.path, tmp_path / 'copy.db')}", keys=KEYS)
    before_it, begins, over = (START + timedelta(days=days) for days in (120, 200, 280))
    now, out = START + timedelta(days=DAYS + 100), tmp_path / "export.zip"
    await database.write(lambda tx: tx.checkpoints.sign(now))
    order = Order(Scope(), "compliance", "carmen@x.example", now)
    await database.read(lambda tx: write_export(tx, out, order))
    period = Period(before_it, begins, over)
    said, before = dict[str, str](), dict[str, str | None]()
    for kind in (DigestKind.ADOPTION, DigestKind.OVERRIDE, DigestKind.OUTCOMES):
        digest = await digest_of_everybody(kind, period, UTC_ZONE, ORGANISATION, database)
        said |= {figure.label: in_words(figure.value) for figure in digest.figures}
        before |= {f.label: in_words(f.before) if f.before is not None else None for f in digest.figures}
    await database.close()
    for unused in ("Histories and sources opened", "Passed on"):
        assert (said.pop(unused), before.pop(unused)) == ("0", "0")
    span = timedelta(days=90)
    followed = recount.gave_within_90_days(out, before_it - span, over - span)
    assert said == recount.headline_figures(out, begins, over, len(PEOPLE)) | followed
    earlier = recount.headline_figures(out, before_it, begins, len(PEOPLE)) | dict.fromkeys(followed)
    earlier["People who used it"] = earlier["People who used it"].partition(" of ")[0]
    assert before == earlier


async def test_the_numbers_in_the_file_are_what_its_words_say(lived: Database) -> None:
    lines = [
        line
        for kind in DigestKind
        for line in csv.DictReader(
            as_csv(await digest_of_everybody(kind, PERIOD, UTC_ZONE, ORGANISATION, lived)).splitlines()
        )
    ]
    plain, shares, between = [], [], []
    for line in lines:
        said = line["Value"].replace(",", "")
        if line["Of"]:
            share = 100 * int(line["Number"]) / int(line["Of"])
            shares.append(said.startswith((f"{share:.0f}", f"{line['Number']} of {line['Of']}")))
        elif line["Low"] and line["High"] and not line["Number"]:
            sign = {"USD": "$", "EUR": "€"}.get(line["Unit"], "")
            low, high = (float(line[each]) for each in ("Low", "High"))
            cents = f"{sign}{low:.2f} to {sign}{high:.2f}".replace(".00", "")
            between.append(said.startswith((f"{low:.0f} to {high:.0f}", cents)))
        elif line["Number"] and line["Unit"] in ("", "USD", "EUR"):
            plain.append(float(said.split()[0].lstrip("$€")) == float(line["Number"]))
        else:
            assert said in ("–", "too few") or not line["Number"] or line["Unit"] in ("min", "%", "points")
    assert all(plain)
    assert all(shares)
    assert all(between)
    assert (len(plain) > 100, len(shares) > 100, len(between) > 20) == (True, True, True)


async def test_a_team_sees_its_own_figures_and_they_add_up(lived: Database) -> None:
    def of(people: tuple[tuple[str, str], ...]) -> Team:
        return Team(frozenset(user for user, _ in people), frozenset(email for _, email in people))

    whole = await lived.read(lambda tx: tx.interactions.cells(PERIOD))
    parts = [
        await lived.read(lambda tx, some=some: tx.interactions.cells(PERIOD, of(some)))  # type: ignore[misc]
        for some in (PEOPLE[:2], PEOPLE[2:])
    ]
    for kind in CONCLUDED:
        assert sum(part.count(kind).now for part in parts) == whole.count(kind).now
    assert [part.people((Kind.APPROVED, Kind.SUMMARY)).now for part in parts] == [2, 4]


def test_a_share_of_few_is_never_a_percentage() -> None:
    assert (percent(Share(3, 4)), bare_share(Share(3, 4)).words) == ("3 of 4", "3 of 4")
    assert bare_share(Share(0, 0)) == Told(words="–")
    assert percent(Share(15, 20)) == "75 % (15 of 20)"


async def test_entries_from_before_are_counted_once_and_come_to_the_same(
    house: House, entries: tuple[AuditEntry, ...]
) -> None:
    some = [entry for entry in entries if entry.at < START + timedelta(days=21)]
    await house.database.write(lambda tx: append(tx, some))
    counted = await house.database.read(lambda tx: tx.interactions.cells(first(21)))
    expected = {kind: counted.count(kind) for kind in Kind}
    url = f"sqlite:///{_file(house)}"
    for table in ("interactions", "interaction_groups", "recommendations"):
        perform(url, lambda c, table=table: c.execute(text(f"DELETE FROM {table}")))  # type: ignore[misc]
    left = {"after": 0, "until": 10**9}
    await house.database.write(lambda tx: tx.settings.put(UNCOUNTED, left, house.clock.now()))
    assert await count_older_entries(house.context) > len(some) / 2
    assert await count_older_entries(house.context) == 0
    again = await house.database.read(lambda tx: tx.interactions.cells(first(21)))
    assert {kind: again.count(kind) for kind in Kind} == expected
    followed = await house.database.read(
        lambda tx: (
            gathered(
                tx,
                DigestKind.OUTCOMES,
                Period(START, START, START + timedelta(days=400)),
                None,
                None,
                ORGANISATION,
            ).followed
        )
    )
    every = followed["replied"][0].pair
    assert every.acted.n + every.others.n == sum(expected[kind].now for kind in CONCLUDED)


async def test_an_erased_donor_is_counted_no_longer(house: House, entries: tuple[AuditEntry, ...]) -> None:
    some = [entry for entry in entries if entry.at < START + timedelta(days=7)]
    await house.database.write(lambda tx: append(tx, some))
    donor = next(entry.subject for entry in some if entry.kind == "summary.generated")
    assert donor is not None
    before = await house.database.read(lambda tx: tx.interactions.cells(first(7)))
    order = ErasureOrder(donor, "carmen", "cli:carmen", "asked for it")
    await house.database.write(lambda tx: erase_donor(tx, arrival(), order))
    after = await house.database.read(lambda tx: tx.interactions.cells(first(7)))
    gone = sum(entry.subject == donor and entry.kind == "summary.generated" for entry in some)
    assert after.count(Kind.SUMMARY).now == before.count(Kind.SUMMARY).now - gone
    left = perform(
        f"sqlite:///{_file(house)}",
        lambda c: c.execute(
            text("SELECT count(*) FROM interactions WHERE donor_id = :d"), {"d": donor}
        ).scalar_one(),
    )
    assert left == 0


def first(days: int) -> Period:
    return Period(START, START, START + timedelta(days=days))


def _file(house: House) -> Path:
    backend = house.database._backend
    return Path(str(backend._writing.url.database))  # type: ignore[union-attr]


async def test_outcomes_are_counted_once_a_day_and_again_when_a_donor_was_erased(
    house: House, entries: tuple[AuditEntry, ...]
) -> None:
    context, begun = house.context, START + timedelta(days=140)
    house.clock.moment = begun
    some = [entry for entry in entries if entry.at < begun]
    await house.database.write(lambda tx: append(tx, some))
    await add_up(context)
    counted = await outcomes_lately(None, 28, context)
    anew = await digest_of_everybody(
        DigestKind.OUTCOMES, rolling_period(28, begun), UTC_ZONE, context.organisation, house.database
    )
    assert counted.figures == anew.figures
    assert counted.footnotes[0] == ("Outcomes are counted once a day; these were on Sunday, 24 May at 20:00.")
    house.clock.moment += timedelta(hours=22)
    await add_up(context)
    assert await outcomes_lately(None, 28, context) == counted
    donor = next(e.subject for e in some if e.kind == "escalation.approved" and e.at > begun - 100 * DAY)
    order = ErasureOrder(str(donor), "carmen", "cli:carmen", "asked for it")
    late = replace(arrival(), now=house.clock.moment)
    await house.database.write(lambda tx: erase_donor(tx, late, order))
    house.clock.moment += timedelta(minutes=1)
    again = await outcomes_lately(None, 28, context)
    assert "18:01" in again.footnotes[0]
    assert again.figures != counted.figures
