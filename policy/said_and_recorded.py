"""What a sentence of a note claims outright about gifts, pledges, people and channels, against the record.

Only plain English statements about the donor are read, and only those that the record can decide: with a
doubt about whom or when a sentence means, nothing is said. What the text names is compared and not repeated:
whoever writes a note must not be able to put a figure or a name on a card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from policy.claims import Contradiction
from policy.donor import Channel, ConsentStatus, DonorRecord, Gift
from policy.facts_giving import is_received
from policy.facts_model import DonorFacts, spelled_date
from policy.money import Money
from policy.nicknames import may_be_the_same
from policy.spoken_dates import MONTHS, WEEKDAYS
from policy.verifier_literals import PartialDate, read_date, read_money

_LATE_ENTRY = timedelta(days=60)
"""A gift may be talked of before it is recorded, and a partner's may be meant."""

_MONEY = (
    r"(?P<money>[$€£]\s?\d[\d,.]*\d?\s?(?:k|m|thousand|million)?\b"
    r"|\d[\d,.]*\d?\s(?:dollars|euros|pounds)\b)"
)
_DATE = (
    r"(?P<date>\d{4}-\d{2}-\d{2}|(?:\d{1,2}(?:st|nd|rd|th)?\s)?[A-Z][a-z]{2,8}\.?\s"
    r"(?:\d{1,2}(?:st|nd|rd|th)?,?\s)?\d{4})"
)
_LAST = r"\b(?i:last|latest|most recent) (?i:gift|donation|contribution)"
_LAST_AMOUNT = re.compile(rf"{_LAST}(?: was| of| came to|:| is| amounted to)+ {_MONEY}", re.IGNORECASE)
_LAST_DATE = re.compile(
    rf"{_LAST}(?: of \S+)?(?: was| came| arrived| is)*(?: made| received)?(?: on| in) {_DATE}"
)
_GAVE = re.compile(rf"\b(?:gave|donated|contributed)(?: us)? {_MONEY}(?: to us)? (?:on|in) {_DATE}")
_NEVER_GAVE = re.compile(
    r"(?:^|\b(?:and|but)\s)(?P<who>[\w'’-]+(?: [\w'’-]+)??\s)??(?:has |have |had )?never "
    r"(?:given|gave|donated|made a (?:gift|donation))(?: anything| a gift| money)?(?: to us| before)?\s*$",
    re.IGNORECASE,
)
_PLEDGE_DONE = re.compile(
    r"\bpledge(?: is| was| has been|'s)?(?: now| already)? "
    r"(?:fulfilled|paid off|paid in full|fully paid|completed|complete|settled)\b",
    re.IGNORECASE,
)
_NOT_SO = re.compile(
    r"\b(?:not|never|until|till|once|when|if|unless|before|after|will|would|should|can|could|to be|may|might|"
    r"hopes?|wants?|plans?|almost|nearly|half|partly|think\w*|ask\w*|whether|wonder\w*)\b|n['’]t\b|\?",
    re.IGNORECASE,
)
_ROUGHLY = re.compile(
    r"\b(?:about|around|roughly|nearly|almost|over|more than|under|some|approx\w*)\b|~", re.IGNORECASE
)
_OTHERS = re.compile(
    r"\b(?:husband|wife|spouse|partner|son|daughter|mother|father|mum|mom|dad|brother|sister|parents?|friend|"
    r"company|employer|foundation|trust|fund|DAF|elsewhere|other (?:charity|charities|organi[sz]ations?)|"
    r"another)\b",
    re.IGNORECASE,
)
_TO_OTHERS = re.compile(r"\b(?:to|for) (?!us\b|our\b)(?:the )?[A-Z]")
_PARTNER = re.compile(
    r"(?<!late )(?<!former )(?<!ex-)(?<!ex )(?<!first )(?<!second )\b(?:[Hh]usband|[Ww]ife|[Ss]pouse),? "
    r"(?P<name>[A-Z][a-zà-ÿ]{2,})\b"
)
_MARRIED = re.compile(r"\bmarried to (?P<name>[A-Z][a-zà-ÿ]{2,})\b")
_MOVED = re.compile(
    r"\b(?:[Ss]he|[Hh]e|[Tt]hey|I|[Ww]e|[Dd]onor)(?: has| have|'ve|’ve)?(?: just| recently| now)? "
    r"(?:moved|relocated)(?: house)? to (?P<place>[A-Z][\w-]+(?: [A-Z][\w-]+)?)"
)
_NO_PLACE = frozenset(each.capitalize() for each in (*WEEKDAYS, *MONTHS))
_ONLY = r"\s+(?:before|after|on|at|during|until|between|in the|this|today|yet|needed|him|her|it|them)\b"
_QUALIFIED = re.compile(rf"\b(?:do(?: not|n['’]t)|stop|no (?:more|further)) [\w-]+{_ONLY}", re.IGNORECASE)
"""A wish about when, or about something else: "do not call before ten"."""

_CHANNELS: tuple[tuple[Channel, str, re.Pattern[str]], ...] = tuple(
    (
        channel,
        words,
        re.compile(
            rf"\b(?:(?:do(?: not|n['’]t)|never|stop) (?:{verbs})|no (?:more|further) (?:{nouns}))\b"
            rf"(?!{_ONLY})",
            re.IGNORECASE,
        ),
    )
    for channel, words, verbs, nouns in (
        (Channel.PHONE, "phone calls", "call(?:ing)?|phon(?:e|ing)|ring(?:ing)?", "(?:phone )?calls"),
        (Channel.EMAIL, "e-mail", r"e-?mail(?:ing)?", r"e-?mails?"),
        (Channel.MAIL, "post", "send(?:ing)? letters", r"letters|mailings|post(?:al mail)?|direct mail"),
        (Channel.SMS, "text messages", "text(?:ing)?", "texts|text messages"),
    )
)
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Said:
    """A text that a colleague noted or the donor wrote: *what* it is, of which *day*, and its record."""

    what: str
    day: date
    text: str
    record_id: str

    def against(self, text: str, *records: str) -> Contradiction:
        """Say what the record has instead, citing both sides."""
        return Contradiction(
            text=f"A {self.what} of {spelled_date(self.day)} {text}", cites=(self.record_id, *records)
        )


def without_qualified_wishes(text: str) -> str:
    """Return *text* without wishes that only say when or how, so that they are not taken for a refusal."""
    return _QUALIFIED.sub(" ", text)


def contradicted(said: Said, record: DonorRecord, facts: DonorFacts) -> Iterator[Contradiction]:
    """Yield where a text claims what the record, as of its day, says otherwise."""
    gaps = {gap.split(":")[0] for gap in record.gaps}
    for whole in _SENTENCES.split(said.text):
        sentence = whole.strip(" .!;")
        if not gaps & {"gifts", "soft_credits"} and not _OTHERS.search(sentence):
            yield from _about_gifts(said, sentence, record)
        if "pledges" not in gaps:
            yield from _about_pledges(said, sentence, record, facts)
        yield from _about_people(said, sentence, record)
        if "consents" not in gaps:
            yield from _about_channels(said, sentence, record)


def _about_gifts(said: Said, sentence: str, record: DonorRecord) -> Iterator[Contradiction]:
    if _TO_OTHERS.search(sentence):
        return
    gifts = _known_on(said.day, record)
    if gifts and (found := _NEVER_GAVE.search(sentence)) and _means_donor(found["who"], record):
        own = [gift for gift in gifts if gift.donor_id == record.donor.id]
        if own and own[-1].received_on < said.day:
            count = "a gift" if len(own) == 1 else f"{len(own)} gifts"
            last = own[-1]
            yield said.against(
                f"says the donor never gave; {count} came by then, the last on "
                f"{spelled_date(last.received_on)}.",
                last.id,
            )
    if _NOT_SO.search(sentence):
        return
    yield from _about_last_gift(said, sentence, gifts)
    yield from _about_one_gift(said, sentence, gifts)


def _about_last_gift(said: Said, sentence: str, gifts: list[Gift]) -> Iterator[Contradiction]:
    if not gifts:
        return
    last, lately = gifts[-1], [g for g in gifts if gifts[-1].received_on - g.received_on <= _LATE_ENTRY]
    amount = _amount(_LAST_AMOUNT.search(sentence), sentence)
    if amount and amount.currency == last.amount.currency and all(g.amount != amount for g in lately):
        if sum(g.amount.minor for g in lately) == amount.minor:
            return
        yield said.against(
            f"names another amount for the last gift; by then that was {last.amount} on "
            f"{spelled_date(last.received_on)}.",
            last.id,
        )
        return
    day = _day(_LAST_DATE.search(sentence))
    if day and not any(_near(day, gift.received_on) for gift in lately):
        yield said.against(
            f"names another day for the last gift; by then that was {last.amount} on "
            f"{spelled_date(last.received_on)}.",
            last.id,
        )


def _about_one_gift(said: Said, sentence: str, gifts: list[Gift]) -> Iterator[Contradiction]:
    found = _GAVE.search(sentence)
    amount, day = _amount(found, sentence), _day(found)
    if amount is None or day is None:
        return
    then = [
        gift for gift in gifts if _near(day, gift.received_on) and gift.amount.currency == amount.currency
    ]
    total = sum(gift.amount.minor for gift in then)
    # With nothing recorded then, the gift may never have reached this CRM; that is no contradiction.
    if then and total != amount.minor and all(gift.amount != amount for gift in then):
        shown = " and ".join(f"{g.amount} on {spelled_date(g.received_on)}" for g in then[:2])
        more = f" and {len(then) - 2} more" if len(then) > 2 else ""
        ids = (gift.id for gift in then[:2])
        yield said.against(f"names another amount for a gift; recorded is {shown}{more}.", *ids)


def _about_pledges(
    said: Said, sentence: str, record: DonorRecord, facts: DonorFacts
) -> Iterator[Contradiction]:
    made = [pledge for pledge in record.pledges if pledge.pledged_on <= said.day]
    balance = facts.money("pledge.balance")
    if len(made) != 1 or made[0].status != "open" or balance is None or balance.minor <= 0:
        return
    if _PLEDGE_DONE.search(sentence) and not _NOT_SO.search(sentence) and not _OTHERS.search(sentence):
        yield said.against(f"says the pledge was paid; {balance} of it is recorded as open.", made[0].id)


def _about_people(said: Said, sentence: str, record: DonorRecord) -> Iterator[Contradiction]:
    if len(record.household_members) == 1 and record.donor.type != "organisation":
        other = record.household_members[0]
        named = _PARTNER.search(sentence) or _MARRIED.search(sentence)
        known = {record.donor.first_name, record.donor.last_name, other.last_name}
        first = other.first_name or other.name.split(" ")[0]
        if named and named["name"] not in known and not may_be_the_same(named["name"], first):
            yield said.against(
                f"names another husband or wife than {other.name}, who is recorded in the household.",
                other.id,
            )
    moved, city = _MOVED.search(sentence), record.donor.city
    if moved and city and moved["place"].split(" ")[0] not in _NO_PLACE and not _NOT_SO.search(sentence):
        place = moved["place"].casefold()
        if not (place.startswith(city.casefold()) or city.casefold().startswith(place.split(" ")[0])):
            yield said.against(f"says the donor moved; {city} is still recorded.", record.donor.id)


def _about_channels(said: Said, sentence: str, record: DonorRecord) -> Iterator[Contradiction]:
    if record.donor.do_not_contact or _OTHERS.search(sentence):
        return
    for channel, words, asks in _CHANNELS:
        if not asks.search(sentence):
            continue
        recorded = [each for each in record.consents if each.channel is channel]
        refused = any(each.status is ConsentStatus.OPTED_OUT for each in recorded)
        renewed = any(each.captured_on and each.captured_on > said.day for each in recorded)
        if not refused and not renewed:
            allowed = [each.id for each in recorded if each.status is ConsentStatus.OPTED_IN]
            status = "this channel is recorded as agreed to" if allowed else "no refusal of it is recorded"
            yield said.against(f"asks for no {words}; {status}.", *allowed[:1])


def _known_on(day: date, record: DonorRecord) -> list[Gift]:
    """Return the gifts of money, the donor's own and those credited to them, that had come by *day*."""
    every = {gift.id: gift for gift in (*record.soft_credited_gifts, *record.gifts)}.values()
    counted = (gift for gift in every if is_received(gift, day) and gift.amount.minor > 0)
    return sorted(counted, key=lambda gift: (gift.received_on, gift.id))


def _means_donor(who: str | None, record: DonorRecord) -> bool:
    said = (who or "").strip().casefold()
    names = {
        record.donor.name.casefold(),
        record.donor.first_name.casefold(),
        "",
        "she",
        "he",
        "they",
        "i",
        "we",
    }
    return said in names | {"the donor", "donor"}


def _amount(found: re.Match[str] | None, sentence: str) -> Money | None:
    if found is None or _ROUGHLY.search(sentence):
        return None
    read = read_money(found["money"].rstrip(".,"))
    if read is None or read[0] * 100 != int(read[0] * 100):
        return None
    return Money(minor=int(read[0] * 100), currency=read[1])


def _day(found: re.Match[str] | None) -> PartialDate | None:
    return read_date(found["date"]) if found else None


def _near(day: PartialDate, received: date) -> bool:
    """Say whether a gift may be the one of that day or month: people date a cheque, or the bank does."""
    if day.month is None:
        return day.year == received.year
    if day.day is None:
        begin = date(day.year, day.month, 1)
        return begin - timedelta(days=10) <= received <= begin + timedelta(days=41)
    return abs(date(day.year, day.month, day.day) - received) <= timedelta(days=14)
