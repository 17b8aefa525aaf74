"""Answers about gifts: in cited sentences, or openly that nothing is recorded."""

from __future__ import annotations

import re

from policy.asked import LONGEST_ANSWER, MOST_LISTED, Asked, Said
from policy.claims import Claim
from policy.donor import Gift
from policy.facts_giving import received_gifts
from policy.sentences import in_each_currency, lifetime, soft_credit

_NO_GIFT = "No gift is recorded."
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "few": 3, "couple": 2, "couple of": 2}
PLACES = {"second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4}
_LAST_FEW = re.compile(
    r"\b(?:last|latest|most recent|newest)\s+(?P<count>\d{1,2}|two|three|four|five|six|few|couple(?: of)?)\s+"
    r"(?:gift|donation|contribution)s"
)
_LAST_BUT_ONE = re.compile(r"\b(?:second|next)[ -](?:to[ -])?last\b|\bpenultimate\b|\blast but one\b")
BY_PLACE = re.compile(rf"\b(?P<place>{'|'.join(PLACES)}) (?:gift|donation|contribution)\b")


def first_gift(a: Asked) -> Said:
    """Say what was given first."""
    if not a.facts.count("giving.count"):
        yield _NO_GIFT
        return
    yield a.writer.write("The first gift was {giving.first_amount} on {giving.first_on}.")


def _gift(a: Asked, gift: Gift) -> Claim:
    return a.writer.write(
        "{name} gave {amount} on {day}.",
        name=a.writer.name(),
        amount=a.writer.of_record(gift.id, "amount", gift.amount),
        day=a.writer.of_record(gift.id, "received_on", gift.received_on),
    )


def last_gift(a: Asked) -> Said:
    """Say what was given last, or the last few."""
    if not a.facts.count("giving.count"):
        yield _NO_GIFT
        return
    if (wanted := _how_many(a.question)) is not None:
        yield from _last_few(a, wanted)
        return
    yield a.writer.write("The last gift was {giving.last_amount} on {giving.last_on}.")
    last = a.facts.get("giving.last_on")
    gift = next((g for g in a.record.gifts if last and g.id in last.records), None)
    campaign = next((c for c in a.record.campaigns if gift and c.id == gift.campaign_id), None)
    if gift and campaign:
        yield a.writer.write(
            "{name} gave {amount} for {campaign}.",
            name=a.writer.name(),
            amount=a.writer.of_record(gift.id, "amount", gift.amount),
            campaign=a.writer.named(campaign.id, "name", campaign.name),
        )


def _how_many(question: str) -> int | None:
    """Return how many of the last gifts are asked for; None where it is the very last."""
    if _LAST_BUT_ONE.search(question):
        return 2
    found = _LAST_FEW.search(question)
    return _NUMBERS.get(found["count"]) or int(found["count"]) if found else None


def _last_few(a: Asked, wanted: int) -> Said:
    gifts = received_gifts(a.record, a.facts.as_of)[::-1]
    for gift in gifts[: min(wanted, LONGEST_ANSWER)]:
        yield _gift(a, gift)
    if len(gifts) < wanted:
        yield "There are no more gifts on record."
    elif wanted > LONGEST_ANSWER:
        yield f"These are the last {LONGEST_ANSWER}; /donor timeline and the CRM have more."


def gift_by_place(a: Asked) -> Said:
    """Say which gift was the second, the third and so on."""
    found = BY_PLACE.search(a.question)
    place = PLACES[found["place"]] if found else 0
    gifts = received_gifts(a.record, a.facts.as_of)
    if found is None or place >= len(gifts):
        yield "There are not that many gifts on record."
        return
    yield _gift(a, gifts[place])
    yield f"That is the {found['place']} gift on record, counted from the first."


def largest_gift(a: Asked) -> Said:
    """Say what the largest gift was, in each currency."""
    if not a.facts.count("giving.count"):
        yield _NO_GIFT
        return
    if not a.facts.money("giving.largest_amount"):
        yield from _largest_of_each_currency(a)
        return
    yield a.writer.write("The largest gift was {giving.largest_amount} on {giving.largest_on}.")


def lifetime_giving(a: Asked) -> Said:
    """Say what was given in all."""
    if not a.facts.count("giving.count"):
        yield _NO_GIFT
        return
    if a.facts.count("giving.count") == 1:
        yield a.writer.write("The last gift was {giving.last_amount} on {giving.last_on}.")
        yield "It is the only gift on record."
        return
    words = f"{{name}} has given {lifetime(a.facts)} in {{giving.count}} gifts since {{giving.first_on}}."
    yield a.writer.write(words, name=a.writer.name())


def _largest_of_each_currency(a: Asked) -> Said:
    gifts = received_gifts(a.record, a.facts.as_of)
    for code in sorted({gift.amount.currency for gift in gifts}):
        of_currency = [gift for gift in gifts if gift.amount.currency == code]
        yield _gift(a, max(of_currency, key=lambda gift: (gift.amount.minor, gift.received_on, gift.id)))
    yield "The gifts came in several currencies; these are the largest in each."


def average_gift(a: Asked) -> Said:
    """Say what a gift is on average."""
    if not a.facts.count("giving.count"):
        yield _NO_GIFT
        return
    if a.facts.money("giving.average") is None:
        yield "The gifts came in several currencies, so there is no one average."
        return
    yield a.writer.write("The average gift is {giving.average}.")


def given_this_year(a: Asked) -> Said:
    """Say what was given in this fiscal year."""
    yield from _given(a, "giving.this_year", "has given", "current", or_else="present")


def given_last_year(a: Asked) -> Said:
    """Say what was given in the last fiscal year."""
    yield from _given(a, "giving.last_year", "gave", "last", or_else="last")


def _given(a: Asked, total: str, verb: str, year: str, *, or_else: str) -> Said:
    """Say what a fiscal year brought; *or_else* is the word for a year that brought nothing."""
    if not a.facts.currencies_of(total):
        yield f"No gift is recorded in the {or_else} fiscal year."
        return
    given = in_each_currency(a.facts, total)
    yield a.writer.write(f"{{name}} {verb} {given} in {{fiscal_year.{year}}}.", name=a.writer.name())


def loyalty(a: Asked) -> Said:
    """Say for how many years running gifts came, or since when they do not."""
    if (a.facts.count("giving.consecutive_years") or 0) > 1:
        words = "{name} has given {giving.consecutive_years} fiscal years running."
        yield a.writer.write(words, name=a.writer.name())
    if a.facts.flag("giving.sybunt"):
        words = "{name} {giving.sybunt}: the last gift came {giving.days_since_last} days ago."
        yield a.writer.write(words, name=a.writer.name())
    elif not (a.facts.count("giving.consecutive_years") or 0) > 1:
        yield "No run of years with gifts is recorded."


def given_in_a_year(a: Asked) -> Said:
    """Say what was given in each year that is named."""
    for year in dict.fromkeys(re.findall(r"\b(?:fy ?)?((?:19|20)\d\d)\b", a.question)):
        given = a.facts.currencies_of(f"giving.year.{year}")
        if given and a.facts.text("fiscal_year.current") == f"FY{year}":
            yield from given_this_year(a)
        elif given and a.facts.text("fiscal_year.last") == f"FY{year}":
            yield from given_last_year(a)
        elif given:
            counted = set(a.facts.sources(given))
            gifts = [gift for gift in a.record.gifts if gift.id in counted]
            for gift in sorted(gifts, key=lambda g: g.received_on, reverse=True)[:MOST_LISTED]:
                yield _gift(a, gift)
            if len(gifts) > MOST_LISTED:
                yield f"There were more gifts in the fiscal year {year}; the CRM has them all."
        else:
            yield f"No gift is recorded in the fiscal year {year}."


def recognised_for(a: Asked) -> Said:
    """Say what the donor has soft credit for."""
    if not a.facts.currencies_of("giving.soft_credit"):
        yield "No soft credit is recorded."
        return
    yield soft_credit(a.writer, a.facts)


def campaigns(a: Asked) -> Said:
    """Say what came of the campaigns."""
    named = [c for c in a.record.campaigns if c.name.casefold() in a.question]
    gifts = sorted(
        (g for g in a.record.gifts if g.status == "completed" and g.campaign_id),
        key=lambda g: (g.received_on, g.id),
        reverse=True,
    )
    wanted = {c.id for c in named}
    found = [g for g in gifts if not wanted or g.campaign_id in wanted]
    if not found:
        yield "No gift to that campaign is recorded." if named else "No gift to a campaign is recorded."
    for gift in found[:MOST_LISTED]:
        campaign = next((c for c in a.record.campaigns if c.id == gift.campaign_id), None)
        if campaign is not None and gift.type not in ("in_kind", "planned"):
            yield a.writer.write(
                "{name} gave {amount} on {day}, for {campaign}.",
                name=a.writer.name(),
                amount=a.writer.of_record(gift.id, "amount", gift.amount),
                day=a.writer.of_record(gift.id, "received_on", gift.received_on),
                campaign=a.writer.named(campaign.id, "name", campaign.name),
            )


def thanks(a: Asked) -> Said:
    """Say how the last gift was acknowledged."""
    if not a.facts.count("acknowledgement.due_count"):
        yield "No gift waits for thanks."
        return
    yield a.writer.write(
        "Thanks for the {acknowledgement.gift_amount} gift of {acknowledgement.gift_on} are due by "
        "{acknowledgement.due_on}."
    )
