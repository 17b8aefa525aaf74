"""Questions about one donor, answered by rules: in cited sentences, or openly that nothing is recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from policy.claims import Claim
from policy.donor import Channel, DonorRecord, Gift
from policy.facts import is_unread
from policy.facts_giving import received_gifts
from policy.facts_model import DonorFacts
from policy.sentences import Writer, in_each_currency, lifetime, outstanding, overdue, soft_credit
from policy.value import Value

LONGEST_ANSWER = 6
_MOST_LISTED = 3
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "few": 3, "couple": 2, "couple of": 2}
_PLACES = {"second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4}
_LAST_FEW = re.compile(
    r"\b(?:last|latest|most recent|newest)\s+(?P<count>\d{1,2}|two|three|four|five|six|few|couple(?: of)?)\s+"
    r"(?:gift|donation|contribution)s"
)
_LAST_BUT_ONE = re.compile(r"\b(?:second|next)[ -](?:to[ -])?last\b|\bpenultimate\b|\blast but one\b")


class Answered(Value):
    """What can be said to a question: cited sentences, and *notes* on what is not recorded or not told here.

    *understood* is False when no rule knows what was asked.
    """

    claims: tuple[Claim, ...] = ()
    notes: tuple[str, ...] = ()
    understood: bool = True


@dataclass(frozen=True, slots=True)
class _Asked:
    writer: Writer
    record: DonorRecord
    facts: DonorFacts
    question: str


Said = Iterator[Claim | str]


def answer_question(question: str, record: DonorRecord, facts: DonorFacts) -> Answered:
    """Answer every part of *question* that a rule knows; unread records are named instead of guessed at."""
    plain = " ".join(question.casefold().replace("’", "'").split())
    asked = _Asked(Writer(record, facts), record, facts, plain)
    refused = [words for pattern, words in _NOT_HERE if pattern.search(plain)]
    known = [rule for rule in _ANSWERS if rule.words.search(plain)]
    # "How much did she give" is about all of it only where nothing else says how much of what.
    known = known or ([_HOW_MUCH] if _HOW_MUCH.words.search(plain) else [])
    said = [each for rule in known for each in (rule.unread(record) or rule.answer(asked))]
    claims = tuple(dict.fromkeys(each for each in said if isinstance(each, Claim)))[:LONGEST_ANSWER]
    notes = dict.fromkeys((*refused, *(each for each in said if isinstance(each, str))))
    return Answered(claims=claims, notes=tuple(notes), understood=bool(said or refused))


def is_question(text: str) -> bool:
    """Say whether *text* reads as a question and not as the name of a donor."""
    plain = " ".join(text.casefold().split())
    return plain.endswith("?") or _OPENS.match(plain) is not None


_OPENS = re.compile(
    r"(?:and |so |ok |okay |please |can you |could you )*"
    r"(?:what|when|where|who|whom|which|why|how|is|are|was|were|does|do|did|has|have|had|any"
    r"|tell me|show me|list|may i|may we|should)\b"
)


def _first_gift(a: _Asked) -> Said:
    if not a.facts.count("giving.count"):
        yield _NO_GIFT
        return
    yield a.writer.write("The first gift was {giving.first_amount} on {giving.first_on}.")


def _gift(a: _Asked, gift: Gift) -> Claim:
    return a.writer.write(
        "{name} gave {amount} on {day}.",
        name=a.writer.name(),
        amount=a.writer.of_record(gift.id, "amount", gift.amount),
        day=a.writer.of_record(gift.id, "received_on", gift.received_on),
    )


def _last_gift(a: _Asked) -> Said:
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


def _last_few(a: _Asked, wanted: int) -> Said:
    gifts = received_gifts(a.record, a.facts.as_of)[::-1]
    for gift in gifts[: min(wanted, LONGEST_ANSWER)]:
        yield _gift(a, gift)
    if len(gifts) < wanted:
        yield "There are no more gifts on record."
    elif wanted > LONGEST_ANSWER:
        yield f"These are the last {LONGEST_ANSWER}; /donor timeline and the CRM have more."


def _gift_by_place(a: _Asked) -> Said:
    found = _BY_PLACE.search(a.question)
    place = _PLACES[found["place"]] if found else 0
    gifts = received_gifts(a.record, a.facts.as_of)
    if found is None or place >= len(gifts):
        yield "There are not that many gifts on record."
        return
    yield _gift(a, gifts[place])
    yield f"That is the {found['place']} gift on record, counted from the first."


def _largest_gift(a: _Asked) -> Said:
    if not a.facts.count("giving.count"):
        yield _NO_GIFT
        return
    if not a.facts.money("giving.largest_amount"):
        yield from _largest_of_each_currency(a)
        return
    yield a.writer.write("The largest gift was {giving.largest_amount} on {giving.largest_on}.")


def _lifetime(a: _Asked) -> Said:
    if not a.facts.count("giving.count"):
        yield _NO_GIFT
        return
    if a.facts.count("giving.count") == 1:
        yield a.writer.write("The last gift was {giving.last_amount} on {giving.last_on}.")
        yield "It is the only gift on record."
        return
    words = f"{{name}} has given {lifetime(a.facts)} in {{giving.count}} gifts since {{giving.first_on}}."
    yield a.writer.write(words, name=a.writer.name())


def _largest_of_each_currency(a: _Asked) -> Said:
    gifts = received_gifts(a.record, a.facts.as_of)
    for code in sorted({gift.amount.currency for gift in gifts}):
        of_currency = [gift for gift in gifts if gift.amount.currency == code]
        yield _gift(a, max(of_currency, key=lambda gift: (gift.amount.minor, gift.received_on, gift.id)))
    yield "The gifts came in several currencies; these are the largest in each."


def _average(a: _Asked) -> Said:
    if not a.facts.count("giving.count"):
        yield _NO_GIFT
        return
    if a.facts.money("giving.average") is None:
        yield "The gifts came in several currencies, so there is no one average."
        return
    yield a.writer.write("The average gift is {giving.average}.")


def _this_year(a: _Asked) -> Said:
    if a.facts.currencies_of("giving.this_year"):
        given = in_each_currency(a.facts, "giving.this_year")
        yield a.writer.write(f"{{name}} has given {given} in {{fiscal_year.current}}.", name=a.writer.name())
    else:
        yield "No gift is recorded in the present fiscal year."


def _last_year(a: _Asked) -> Said:
    if a.facts.currencies_of("giving.last_year"):
        given = in_each_currency(a.facts, "giving.last_year")
        yield a.writer.write(f"{{name}} gave {given} in {{fiscal_year.last}}.", name=a.writer.name())
    else:
        yield "No gift is recorded in the last fiscal year."


def _loyalty(a: _Asked) -> Said:
    if (a.facts.count("giving.consecutive_years") or 0) > 1:
        words = "{name} has given {giving.consecutive_years} fiscal years running."
        yield a.writer.write(words, name=a.writer.name())
    if a.facts.flag("giving.sybunt"):
        words = "{name} {giving.sybunt}: the last gift came {giving.days_since_last} days ago."
        yield a.writer.write(words, name=a.writer.name())
    elif not (a.facts.count("giving.consecutive_years") or 0) > 1:
        yield "No run of years with gifts is recorded."


def _pledge(a: _Asked) -> Said:
    if not a.facts.currencies_of("pledge.balance"):
        yield "Nothing is outstanding on a pledge."
        return
    yield outstanding(a.writer, a.facts)
    if a.facts.day("pledge.next_due_on") and a.facts.money("pledge.next_due_amount"):
        yield a.writer.write(
            "The next payment of {pledge.next_due_amount} on the pledge is due on {pledge.next_due_on}."
        )
    if a.facts.flag("pledge.overdue") and a.facts.money("pledge.overdue_amount"):
        yield overdue(a.writer, a.facts)


def _recurring(a: _Asked) -> Said:
    if not a.facts.text("recurring.status"):
        yield "No standing gift is recorded."
        return
    yield a.writer.write("The {recurring.frequency} gift of {recurring.amount} is {recurring.status}.")
    failed = a.facts.count("recurring.failed_payments")
    if failed:
        noun = "payment" if failed == 1 else "payments"
        yield a.writer.write(
            "The {recurring.frequency} gift of {recurring.amount} has {recurring.failed_payments} "
            f"failed {noun}."
        )


_SPOKEN = {
    Channel.EMAIL: ("e-?mail|write to|newsletter", "email"),
    Channel.PHONE: ("phone|call|ring|telephone", "phone calls"),
    Channel.MAIL: (r"\bpost|letter|\bmail\b", "mail"),
    Channel.SMS: ("text|sms", "text messages"),
    Channel.VISIT: ("visit", "visits"),
}


def _consent(a: _Asked) -> Said:
    named = [c for c, (words, _) in _SPOKEN.items() if re.search(words, a.question)] or list(_SPOKEN)
    unknown = []
    for channel in named:
        fact = f"consent.{channel.value}.fundraising"
        spoken = _SPOKEN[channel][1]
        if a.facts.text(fact) in (None, "unknown"):
            unknown.append(spoken)
        elif a.facts.text(fact) == "opted_out":
            yield a.writer.write(
                f"{{name}} has {{{fact}}} of {spoken} for fundraising.", name=a.writer.name()
            )
        else:
            yield a.writer.write(f"For {spoken} the consent is {{{fact}}}.")
    if unknown:
        yield f"No consent for fundraising is recorded for {', '.join(unknown)}."
    if a.facts.flag("donor.do_not_contact"):
        yield a.writer.write("{name} is marked “{donor.do_not_contact}”.", name=a.writer.name())


def _last_contact(a: _Asked) -> Said:
    if not a.facts.day("contact.last_on"):
        yield "No contact is recorded yet."
        return
    article = "an" if (a.facts.text("contact.last_kind") or "-")[0] in "aeiou" else "a"
    yield a.writer.write(f"The last contact was {article} {{contact.last_kind}} on {{contact.last_on}}.")


def _next_contact(a: _Asked) -> Said:
    if not a.facts.day("contact.next_on"):
        yield "No contact is planned."
        return
    yield a.writer.write("The next contact is on {contact.next_on}.")


def _ask(a: _Asked) -> Said:
    if not a.facts.day("ask.last_on"):
        yield "No ask is recorded."
        return
    yield a.writer.write("The last ask was on {ask.last_on}.")
    if a.facts.flag("ask.open"):
        yield a.writer.write("There is an {ask.open}.")


def _tasks(a: _Asked) -> Said:
    waiting = sorted((t for t in a.record.tasks if t.status == "open"), key=lambda t: (t.due_on, t.id))
    if not waiting:
        yield "No open task is recorded."
        return
    count = len(waiting)
    yield a.writer.write(
        f"There {'is' if count == 1 else 'are'} {{task.open_count}} open {'task' if count == 1 else 'tasks'}."
    )
    yield a.writer.write("The next task is due on {task.next_due_on}.")


def _household(a: _Asked) -> Said:
    if a.record.household is None:
        yield "No household is recorded."
        return
    others = [member.name for member in a.record.household_members]
    if others:
        yield f"In the same household: {', '.join(others[:LONGEST_ANSWER])}."
    given = a.facts.money("household.lifetime")
    if given is not None and given.minor:
        yield a.writer.write("The household has given {household.lifetime} in total.")


def _campaigns(a: _Asked) -> Said:
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
    for gift in found[:_MOST_LISTED]:
        campaign = next((c for c in a.record.campaigns if c.id == gift.campaign_id), None)
        if campaign is not None and gift.type not in ("in_kind", "planned"):
            yield a.writer.write(
                "{name} gave {amount} on {day}, for {campaign}.",
                name=a.writer.name(),
                amount=a.writer.of_record(gift.id, "amount", gift.amount),
                day=a.writer.of_record(gift.id, "received_on", gift.received_on),
                campaign=a.writer.named(campaign.id, "name", campaign.name),
            )


def _thanks(a: _Asked) -> Said:
    if not a.facts.count("acknowledgement.due_count"):
        yield "No gift waits for thanks."
        return
    yield a.writer.write(
        "Thanks for the {acknowledgement.gift_amount} gift of {acknowledgement.gift_on} are due by "
        "{acknowledgement.due_on}."
    )


def _owner(a: _Asked) -> Said:
    if not a.facts.text("donor.owner"):
        yield "No relationship owner is recorded."
        return
    yield a.writer.write("The relationship owner is {donor.owner}.")


def _stage(a: _Asked) -> Said:
    stage = a.writer.worded("donor.stage", a.record.donor.lifecycle_stage.value)
    yield a.writer.write("The CRM shows the stage as {stage}.", stage=stage)
    if a.record.donor.tier:
        yield a.writer.write("The tier is {donor.tier}.")


def _death(a: _Asked) -> Said:
    if not a.facts.flag("donor.deceased"):
        yield "No death is recorded."
    elif a.facts.day("donor.deceased_on") is None:
        yield a.writer.write("{name} {donor.deceased}.", name=a.writer.name())
    else:
        died = a.writer.worded("donor.deceased", "died")
        yield a.writer.write("{name} {died} on {donor.deceased_on}.", name=a.writer.name(), died=died)


def _soft_credit(a: _Asked) -> Said:
    if not a.facts.currencies_of("giving.soft_credit"):
        yield "No soft credit is recorded."
        return
    yield soft_credit(a.writer, a.facts)


def _complaints(a: _Asked) -> Said:
    if a.facts.flag("complaint.recent"):
        yield a.writer.write("A {complaint.recent} came in on {complaint.on}.")
    else:
        yield "No recent complaint is recorded."


def _in_a_year(a: _Asked) -> Said:
    for year in dict.fromkeys(re.findall(r"\b(?:fy ?)?((?:19|20)\d\d)\b", a.question)):
        given = a.facts.currencies_of(f"giving.year.{year}")
        if given and a.facts.text("fiscal_year.current") == f"FY{year}":
            yield from _this_year(a)
        elif given and a.facts.text("fiscal_year.last") == f"FY{year}":
            yield from _last_year(a)
        elif given:
            counted = set(a.facts.sources(given))
            gifts = [gift for gift in a.record.gifts if gift.id in counted]
            for gift in sorted(gifts, key=lambda g: g.received_on, reverse=True)[:_MOST_LISTED]:
                yield _gift(a, gift)
            if len(gifts) > _MOST_LISTED:
                yield f"There were more gifts in the fiscal year {year}; the CRM has them all."
        else:
            yield f"No gift is recorded in the fiscal year {year}."


_NO_GIFT = "No gift is recorded."
_CONTACT_DETAILS = "Addresses and numbers are in the CRM; I do not repeat them here."
_PRIVATE = (
    "Health, family, faith, politics and wealth are nothing I speak about; what is recorded is in the CRM."
)
_FUTURE = "I cannot say what somebody will do or should be asked for; that is yours to judge."


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a question must say for *answer*, and the kind of record that the answer rests on."""

    words: re.Pattern[str]
    answer: Callable[[_Asked], Said]
    rests_on: str

    def unread(self, record: DonorRecord) -> tuple[str, ...]:
        """Say that what it rests on could not be read: silence would look like an answer."""
        kind = self.rests_on
        return (_UNREAD.format(kind=kind.replace("_", " ")),) if kind and is_unread(record, kind) else ()


_UNREAD = "The {kind} could not be read from the CRM, so I cannot say."


def _rule(words: str, answer: Callable[[_Asked], Said], rests_on: str = "gifts") -> _Rule:
    return _Rule(re.compile(rf"\b(?:{words})"), answer, rests_on)


_GIFT = r"(?:gifts?|donations?|g[ai]ve|given|donated?|contributions?)"
_BY_PLACE = re.compile(rf"\b(?P<place>{'|'.join(_PLACES)}) (?:gift|donation|contribution)\b")
_HOW_MUCH = _rule(r"how much (?:ha(?:s|ve)|did|do|does)\b", _lifetime)
_ANSWERS = (
    _rule(r"die[sd]?\b|death\b|dead\b|deceased|passed away|(?:still )?alive|obituary", _death, ""),
    _rule(rf"(?:{'|'.join(_PLACES)}) (?:gift|donation|contribution)\b", _gift_by_place),
    _rule(
        rf"(?:last|latest|most recent|newest|penultimate)\b[^?.]*\b{_GIFT}|when did [^?.]*last give",
        _last_gift,
    ),
    _rule(rf"(?:first|earliest)\b[^?.]*\b{_GIFT}|since when|donor since|start(?:ed)? giving", _first_gift),
    _rule(rf"(?:largest|biggest|highest|top)\b[^?.]*\b{_GIFT}|most generous", _largest_gift),
    _rule(
        rf"on average|average {_GIFT}|(?:average|typical|usual)(?:ly)?\b[^?.]*\b{_GIFT}"
        rf"|{_GIFT}[^?.]*\b(?:typically|usually)",
        _average,
    ),
    _rule(r"(?:total|lifetime|altogether|in all|overall|how many gifts)\b", _lifetime),
    _rule(r"(?:this|current|present) (?:fiscal |financial )?year|so far this", _this_year),
    _rule(r"last (?:fiscal |financial )?year|previous year|year before", _last_year),
    _rule(r"(?:fy ?)?(?:19|20)\d\d\b", _in_a_year),
    _rule(r"loyal|consecutive|in a row|every year|streak|lapsed|lybunt|sybunt", _loyalty),
    _rule(r"pledges?\b|pledged|instal?ments?|outstanding|owe[sd]?\b|balance", _pledge, "pledges"),
    _rule(
        r"recurring|monthly|standing (?:gift|order)|sustainer|regular gift|direct debit",
        _recurring,
        "recurring_gifts",
    ),
    _rule(
        r"consent|opt(?:ed)?[ -]?(?:in|out)|permission|allowed to|"
        r"(?:may|can|could|should) (?:we|i) (?:e-?mail|call|phone|ring|text|write|contact|visit|post)",
        _consent,
        "consents",
    ),
    _rule(
        r"last (?:contact|call|meeting|visit|conversation|spoke|talk)|"
        r"when did (?:we|anyone|somebody|someone) last|last (?:in touch|reached|heard)",
        _last_contact,
        "interactions",
    ),
    _rule(
        r"next (?:contact|call|meeting|visit|appointment)|meeting planned|upcoming (?:meeting|visit|call)",
        _next_contact,
        "interactions",
    ),
    _rule(
        r"last ask|asked (?:for|last|recently)|solicit|open ask|when (?:were|was) (?:they|she|he) asked",
        _ask,
        "interactions",
    ),
    _rule(r"tasks?\b|to-?dos?\b|what is due|reminders?\b", _tasks, "tasks"),
    _rule(r"household|spouse|husband|wife|partner|family gives", _household, ""),
    _rule(r"campaigns?\b|appeals?\b|gala|respon(?:d|se)", _campaigns),
    _rule(r"thank(?:ed|s|ing)?\b|acknowledg", _thanks),
    _rule(r"owner|owns\b|relationship manager|who (?:looks after|manages)|portfolio", _owner, ""),
    _rule(r"stage|lifecycle|tier\b|level\b|major donor", _stage, ""),
    _rule(r"soft credit|recogni[sz]ed for|adviser|daf\b", _soft_credit, "soft_credits"),
    _rule(r"complain", _complaints, "notes"),
)
_NOT_HERE = (
    (
        re.compile(r"\b(?:phone number|telephone number|address|postcode|zip code|birthday|date of birth)"),
        _CONTACT_DETAILS,
    ),
    (
        re.compile(
            r"\b(?:rich|wealth|net worth|income|salary|health|ill\b|sick|cancer|religio|church|politic"
            r"|vote|divorc|pregnan|children|sexual|ethnic)"
        ),
        _PRIVATE,
    ),
    (
        re.compile(
            r"\b(?:will (?:she|he|they|it) (?:give|donate|renew)|likely to|predict|how much should"
            r"|should (?:i|we) ask|ask for how much|probab)"
        ),
        _FUTURE,
    ),
)
