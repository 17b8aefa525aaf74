"""The kinds of error that people mark in texts written from records, tried about everybody in the demo.

The kinds are those of FRANK (predicate, entity, circumstance, coreference, discourse link, out of article),
FactCC (swaps of entity, number, date and pronoun, negation, noise) and of the annotation schemes for texts
from tables (number, name, word, context, not checkable, date and dimension). What a sentence leaves out is no
error of that sentence; warnings that are left out are put first by `handlers.answers.grounding`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from bot.crm.rest import RestCrm
from bot.crm.wire import Wire
from bot.sandbox.crm.app import CrmSandboxConfig, build_crm
from handlers.ports import DonorUnknown
from policy.claims import Claim, SlotKind
from policy.donor import DonorRecord
from policy.facts import Conventions, DonorFacts, compute_facts
from policy.summariser import facts_summary
from policy.verifier import verify

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
CONVENTIONS = Conventions(fiscal_year_start_month=7, time_zone="America/New_York")
DONORS = 338


class StoppedClock:
    def now(self) -> datetime:
        return NOW


class DirectWire(Wire):
    """The CRM in the same process: what it answers, without a network between."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        answer = await self._client.get(path, params=query)
        if answer.status_code == 404:
            raise DonorUnknown(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


Everybody = list[tuple[DonorRecord, DonorFacts]]
Said = list[tuple[tuple[Claim, ...], DonorRecord, DonorFacts]]


async def _read() -> list[DonorRecord]:
    config = CrmSandboxConfig("token", "whsec_c2VjcmV0", None)
    app = build_crm(config, lambda: NOW)
    transport = httpx2.ASGITransport(app=app)
    headers = {"Authorization": "Bearer token"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1/crm/api/v1/", headers=headers
    ) as client:
        crm = RestCrm(DirectWire(client), StoppedClock(), ZoneInfo("America/New_York"))
        ids = [donor.id for donor in app.state.crm.tables.donors]
        return [await crm.read(each) for each in ids]


@pytest.fixture(scope="module")
def everybody() -> Everybody:
    records = asyncio.run(_read())
    return [(record, compute_facts(record, TODAY, CONVENTIONS)) for record in records]


@pytest.fixture(scope="module")
def said(everybody: Everybody) -> Said:
    """What we say about each; a verifier judges every sentence on its own."""
    return [(tuple(facts_summary(record, facts)), record, facts) for record, facts in everybody]


def test_nothing_that_is_true_of_anybody_is_removed(said: Said) -> None:
    removed = [v.claim.text for claims, record, facts in said for v in verify(claims, record, facts).removed]
    assert (len(said), removed) == (DONORS, [])
    assert sum(len(claims) for claims, _, _ in said) > 3 * DONORS


Change = Callable[[Claim, DonorRecord, DonorFacts], Iterator[str]]


def put(pattern: str, *others: str) -> Change:
    """Put each of *others* in the place of what *pattern* finds first, case and all."""

    def change(claim: Claim, _record: DonorRecord, _facts: DonorFacts) -> Iterator[str]:
        found = re.search(pattern, claim.text)
        for other in others if found else ():
            text = f"{claim.text[: found.start()]}{other}{claim.text[found.end() :]}"  # type: ignore[union-attr]
            if text != claim.text:
                yield text

    return change


def end(*others: str) -> Change:
    """Let the sentence go on."""
    return put(r"\.$", *others)


def name_of(claim: Claim) -> str | None:
    return next((slot.text for slot in claim.slots if slot.kind is SlotKind.NAME), None)


def another_name(claim: Claim, record: DonorRecord, _facts: DonorFacts) -> Iterator[str]:
    """Somebody else has done it: a stranger, a colleague, whoever shares the home, an organisation."""
    name = name_of(claim)
    others = ("Robert Smith", *(one.name for one in record.staff[:1]))
    others += tuple(one.name for one in record.household_members if one.id != record.donor.id)
    for other in (*others, "The foundation", "Her employer") if name else ():
        if name and other != name and name not in other and "relationship owner" not in claim.text:
            yield claim.text.replace(name, other, 1)


def another_pronoun(claim: Claim, _record: DonorRecord, _facts: DonorFacts) -> Iterator[str]:
    """Who is meant is lost, or becomes another person."""
    name = name_of(claim)
    for other in ("His wife", "Their late father", "Her company", "Somebody else", "A neighbour"):
        if name and claim.text.startswith(name):
            yield claim.text.replace(name, other, 1)


def another_figure(claim: Claim, _record: DonorRecord, _facts: DonorFacts) -> Iterator[str]:
    """A digit more, a digit less, two digits exchanged, another scale."""
    for slot in claim.slots:
        if slot.kind not in (SlotKind.MONEY, SlotKind.COUNT) or claim.text.count(slot.text) != 1:
            continue
        digits = re.search(r"\d[\d,]*", slot.text)
        if digits is None:
            continue
        plain = digits[0].replace(",", "")
        for other in {f"{plain}0", plain[:-1] or "0", plain[::-1], f"{int(plain) + 1}"} - {plain}:
            if int(other or 0) != int(plain):
                yield claim.text.replace(slot.text, slot.text.replace(digits[0], other))
        yield claim.text.replace(slot.text, f"{slot.text}k")


def another_day(claim: Claim, _record: DonorRecord, _facts: DonorFacts) -> Iterator[str]:
    """The day, the month or the year slips."""
    for slot in claim.slots:
        day = re.fullmatch(r"(\d+) (\w{3}) (\d{4})", slot.text)
        if slot.kind is not SlotKind.DATE or day is None or claim.text.count(slot.text) != 1:
            continue
        month = "Jan" if day[2] != "Jan" else "Jun"
        number = int(day[1]) % 28 + 1
        for other in (
            f"{number} {day[2]} {day[3]}",
            f"{day[1]} {month} {day[3]}",
            f"{day[1]} {day[2]} {int(day[3]) - 1}",
            f"{month} {day[3]}",
        ):
            if other != slot.text:
                yield claim.text.replace(slot.text, other)


KINDS: dict[str, Change] = {
    "entity": another_name,
    "coreference": another_pronoun,
    "number": another_figure,
    "date": another_day,
    "predicate": put(
        r"\b(?:has given|has supported us with|gave|came back with)\b",
        "received",
        "was given",
        "borrowed",
        "asked us for",
        "has pledged",
        "withdrew",
        "plans to give",
        "would have given",
        "stole",
        "could have given",
    ),
    "predicate, of a state": put(
        r"\b(?:is|was|has|have|are)\b", "may be", "will be", "should be", "is said to be"
    ),
    "negation": put(
        r"\b(is|was|has|have|are|gave)\b", "is not", "was never", "has hardly", "did not", "no longer"
    ),
    "circumstance, place": end(" in Boston.", " at the gala.", " through the website.", " by cheque."),
    "circumstance, time": end(" before the pandemic.", " last spring.", " on a Sunday.", " within a week."),
    "circumstance, manner": end(" anonymously.", " on behalf of her mother.", " reluctantly.", " in cash."),
    "discourse link": end(
        ", because we asked.",
        ", so an upgrade is likely.",
        ", although we asked for more.",
        ", which led to the next one.",
        " after meeting the director.",
    ),
    "out of the records": end(
        ", and owns a house by the sea.",
        ", and is a trustee of the museum.",
        ", and prefers to be called Bobby.",
        " and earns well.",
        " and hopes for a plaque.",
    ),
    "context": end(
        ", more than any other donor.",
        ", above the average of the region.",
        ", a record.",
        ", half of all we received.",
        ", an increase of a third.",
    ),
    "not checkable": end(
        " thanks to a warm friendship.", ", as she always wanted.", ", it seems.", ", reportedly."
    ),
    "unit": put(r"\bdays?\b", "weeks", "months", "hours", "years"),
    "dimension": put(r"\bgifts?\b", "pledges", "letters", "visits", "donors", "bequests"),
    "dimension, of a year": put(r"\bFY(?=\d{4})", "calendar year ", "FY1", "academic year "),
    "noise": put(
        r" (?=[$€£])", " maybe ", " approximately ", " at least ", " up to ", " nearly ", " Click here. "
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_error_is_removed_about_everybody(kind: str, said: Said) -> None:
    tried, escaped = 0, []
    for claims, record, facts in said[::2]:
        wrong = [
            claim.model_copy(update={"text": text})
            for claim in claims
            for text in KINDS[kind](claim, record, facts)
        ]
        judged = verify(wrong, record, facts)
        assert len(judged.kept) + len(judged.removed) == len(wrong)
        tried += len(wrong)
        escaped += [each.claim.text for each in judged.kept]
    assert tried > 50
    assert escaped == []
