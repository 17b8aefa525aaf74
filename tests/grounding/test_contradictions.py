"""What people wrote and the record does not say is put side by side, and nothing else is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from policy.claims import Contradiction, Summary
from policy.contradictions import contradictions
from policy.donor import (
    Channel,
    Consent,
    ConsentStatus,
    Donor,
    DonorRecord,
    Gift,
    Installment,
    LifecycleStage,
    Note,
    Pledge,
)
from policy.facts import Conventions, compute_facts
from policy.money import Money
from policy.nicknames import may_be_the_same

TODAY = date(2026, 11, 22)
DEATH = "A note of 3 Oct 2026 speaks of a death, and nobody in the household is recorded as deceased."
REFUSAL = "A note of 3 Oct 2026 asks for no more contact, and no channel is recorded as refused."


def usd(amount: int) -> Money:
    return Money(minor=amount * 100, currency="USD")


def consent(channel: Channel, status: ConsentStatus, captured_on: date | None = None) -> Consent:
    return Consent(
        id="c1", donor_id="d1", channel=channel, purpose="all", status=status, captured_on=captured_on
    )


def person(**more: Any) -> Donor:
    given = {"id": "d1", "version": "v1", "name": "Jane Doe", "first_name": "Jane", "last_name": "Doe"}
    return Donor.model_validate(given | {"lifecycle_stage": LifecycleStage.CULTIVATION} | more)


def gift(number: int, amount: int, day: date, **more: Any) -> Gift:
    return Gift(id=f"g{number}", donor_id="d1", amount=usd(amount), received_on=day, **more)


REFUSED = consent(Channel.EMAIL, ConsentStatus.OPTED_OUT)
PARTNER = person(id="d2", name="Bartholomew Doe", first_name="Bartholomew")
GIFTS = (gift(1, 100, date(2024, 3, 5)), gift(2, 250, date(2025, 6, 1)), gift(3, 900, date(2026, 10, 20)))
PLEDGE = Pledge(
    id="p1",
    donor_id="d1",
    amount=usd(5000),
    pledged_on=date(2025, 1, 1),
    status="open",
    installments=(Installment(due_on=date(2026, 12, 1), amount=usd(5000), paid=usd(2000)),),
)
PAID = PLEDGE.model_copy(update={"status": "fulfilled"})


def found(
    text: str, *, note: dict[str, Any] | None = None, donor: dict[str, Any] | None = None, **record: Any
) -> tuple[Contradiction, ...]:
    written = datetime(2026, 10, 3, 12, tzinfo=UTC)
    noted = Note(id="n1", donor_id="d1", written_at=written, text=text, **(note or {}))
    given = DonorRecord(donor=person(**(donor or {})), read_at=written, notes=(noted,), **record)
    return contradictions(given, compute_facts(given, TODAY, Conventions(home_currency="USD")))


@pytest.mark.parametrize(
    ("text", "note", "donor", "record", "expected"),
    [
        ("Lovely talk about the boats.", {}, {}, {}, ()),
        ("Her husband passed away in spring.", {}, {}, {}, (DEATH,)),
        ("Her husband passed away in spring.", {}, {"deceased": True}, {}, ()),
        ("Her husband passed away in spring.", {"category": "family"}, {}, {}, ()),
        ("Her husband passed away in spring.", {"external_author": True}, {}, {}, ()),
        ("Please take me off the list.", {}, {}, {}, (REFUSAL,)),
        ("Please take me off the list.", {}, {}, {"consents": (REFUSED,)}, ()),
        ("Please take me off the list.", {}, {"do_not_contact": True}, {}, ()),
    ],
)
def test_notes_against_the_record(
    text: str, note: dict[str, Any], donor: dict[str, Any], record: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert tuple(each.text for each in found(text, note=note, donor=donor, **record)) == expected


AGREED = (consent(Channel.PHONE, ConsentStatus.OPTED_IN, date(2026, 1, 1)),)
LATER = (consent(Channel.PHONE, ConsentStatus.OPTED_IN, date(2026, 11, 1)),)
NO_CALLS = (consent(Channel.PHONE, ConsentStatus.OPTED_OUT),)


@pytest.mark.parametrize(
    ("text", "record", "says", "cites"),
    [
        (
            "Her last gift was $500.",
            {"gifts": GIFTS},
            "names another amount for the last gift; by then that was $250 on 1 Jun 2025.",
            ("n1", "g2"),
        ),
        (
            "Met for tea. The most recent donation came to €250 or so she says. Latest gift was $25k.",
            {"gifts": GIFTS},
            "names another amount for the last gift; by then that was $250 on 1 Jun 2025.",
            ("n1", "g2"),
        ),
        (
            "Last gift was in March 2023.",
            {"gifts": GIFTS},
            "names another day for the last gift; by then that was $250 on 1 Jun 2025.",
            ("n1", "g2"),
        ),
        (
            "She gave $2,500 on 1 June 2025.",
            {"gifts": GIFTS},
            "names another amount for a gift; recorded is $250 on 1 Jun 2025.",
            ("n1", "g2"),
        ),
        (
            "Jane has never given to us.",
            {"gifts": GIFTS},
            "says the donor never gave; 2 gifts came by then, the last on 1 Jun 2025.",
            ("n1", "g2"),
        ),
        (
            "Good news: the pledge has been paid in full.",
            {"pledges": (PLEDGE,)},
            "says the pledge was paid; $3,000 of it is recorded as open.",
            ("n1", "p1"),
        ),
        (
            "Came with her husband Peter.",
            {"household_members": (PARTNER,)},
            "names another husband or wife than Bartholomew Doe, who is recorded in the household.",
            ("n1", "d2"),
        ),
        ("She has moved to Lisbon.", {}, "says the donor moved; Boston is still recorded.", ("n1", "d1")),
        (
            "Please don't call any more.",
            {"consents": AGREED},
            "asks for no phone calls; this channel is recorded as agreed to.",
            ("n1", "c1"),
        ),
        (
            "She wants no more letters.",
            {"consents": NO_CALLS},
            "asks for no post; no refusal of it is recorded.",
            ("n1",),
        ),
    ],
)
def test_what_the_facts_decide_is_said_with_both_sides_cited(
    text: str, record: dict[str, Any], says: str, cites: tuple[str, ...]
) -> None:
    [one] = found(text, donor={"city": "Boston"}, **record)
    assert one == Contradiction(text=f"A note of 3 Oct 2026 {says}", cites=cites)


EVERYTHING = {"gifts": GIFTS, "pledges": (PLEDGE,), "household_members": (PARTNER,), "consents": AGREED}


@pytest.mark.parametrize(
    "text",
    [
        "Her last gift was $250.",
        "Her last gift was about $500.",
        "Her last gift was not $500.",
        "Her husband's last gift was $500.",
        "Her last gift to the Red Cross was $500.",
        "Last gift was €500.",
        "If the last gift was $500, who thanked her?",
        "Last gift was in June 2025.",
        "The last gift came on 28 May 2025.",
        "Gave $250 on 3 June 2025.",
        "Gave $250 in June 2025 and was proud.",
        "Gave $500 in March 2019.",
        "The company gave $500 on 1 June 2025.",
        "She has never given us trouble.",
        "Her brother has never given.",
        "Has never given more than $250.",
        "I have never given a speech.",
        "The pledge will be paid in full by May.",
        "The pledge is not fulfilled.",
        "Once the pledge is paid off, ask again.",
        "Is the pledge fulfilled?",
        "Her sister's pledge was paid in full.",
        "Came with her husband Bart.",
        "Came with her late husband Peter.",
        "Came with her ex-husband Peter.",
        "Her husband came along.",
        "She moved to Boston in May.",
        "They moved to Monday.",
        "She was moved to tears.",
        "She would have moved to Lisbon.",
        "Please don't call before ten.",
        "Don't call him Bob.",
        "No more calls needed from the office to the caterer's brother.",
        "We never called.",
    ],
)
def test_what_agrees_or_leaves_a_doubt_is_no_contradiction(text: str) -> None:
    assert found(text, donor={"city": "Boston"}, **EVERYTHING) == ()


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("Her last gift was $500.", {"gifts": GIFTS, "gaps": ("gifts",)}),
        ("Jane has never given.", {"gifts": GIFTS[2:]}),
        ("The last gift was $350.", {"gifts": (*GIFTS[:2], gift(4, 100, date(2025, 6, 20)))}),
        ("The last gift was $250.", {"gifts": (*GIFTS[:2], gift(4, 100, date(2025, 6, 20)))}),
        ("Her last gift was $500.", {"soft_credited_gifts": (gift(5, 500, date(2026, 5, 1)),)}),
        ("The pledge is paid in full.", {"pledges": (PAID,)}),
        ("The pledge is paid in full.", {"pledges": (PAID, PLEDGE.model_copy(update={"id": "p2"}))}),
        ("Please don't call any more.", {"consents": NO_CALLS}),
        ("Please don't call any more.", {"consents": LATER}),
    ],
)
def test_what_the_record_cannot_decide_is_left_alone(text: str, record: dict[str, Any]) -> None:
    assert all("asks for no more contact" in each.text for each in found(text, **record))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Tom", "Thomas", True),
        ("Bill", "William", True),
        ("Beth", "Elizabeth", True),
        ("Peter", "Mark", False),
    ],
)
def test_short_names_are_known(one: str, other: str, same: bool) -> None:
    assert may_be_the_same(one, other) is same
    assert may_be_the_same(other, one) is same


def test_what_was_stored_as_a_sentence_alone_is_still_read() -> None:
    field = Summary.model_fields["contradictions"]
    assert field.default == ()
    assert Contradiction.model_validate("They differ.") == Contradiction(text="They differ.")
