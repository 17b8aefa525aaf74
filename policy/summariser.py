"""The facts summariser: what a fundraiser should know about a donor, in at most six cited sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policy.claims import Claim
from policy.donor import DonorRecord
from policy.facts_model import DonorFacts
from policy.sentences import Writer, in_each_currency, lifetime, overdue, soft_credit

LONGEST_SUMMARY = 6


def facts_summary(record: DonorRecord, facts: DonorFacts) -> tuple[Claim, ...]:
    """Return the most important sentences in a fixed order of priority, warnings first."""
    writer = Writer(record, facts)
    sentences = (*_warnings(writer, facts), *_giving(writer, facts), *_outlook(writer, facts))
    return sentences[:LONGEST_SUMMARY]


# What nobody may be spared by a text that left it out, in the order in which it is said.
NEVER_LEFT_OUT = (
    "donor.deceased",
    "donor.do_not_contact",
    "donor.legal_review",
    "complaint.recent",
    "donor.merged",
    "donor.vulnerable",
    "donor.sensitive",
)


def warnings_left_out(said: Iterable[Claim], record: DonorRecord, facts: DonorFacts) -> tuple[Claim, ...]:
    """Return the warnings about the donor that none of the sentences *said* states."""
    stated = {slot.fact for claim in said for slot in claim.slots}
    missing = {fact for fact in NEVER_LEFT_OUT if facts.flag(fact) and fact not in stated}
    return tuple(
        claim
        for claim in _warnings(Writer(record, facts), facts)
        if missing & {slot.fact for slot in claim.slots}
    )


def completed(said: tuple[Claim, ...], record: DonorRecord, facts: DonorFacts) -> tuple[Claim, ...]:
    """Return *said* with the most important sentences that say something else, as far as there is room."""
    stated = {slot.fact for claim in said for slot in claim.slots if slot.fact}
    texts = {claim.text for claim in said}
    more = tuple(
        claim
        for claim in facts_summary(record, facts)
        if claim.text not in texts and not stated & {slot.fact for slot in claim.slots if slot.fact}
    )
    return (*said, *more)[: max(LONGEST_SUMMARY, len(said))]


def _warnings(w: Writer, facts: DonorFacts) -> Iterator[Claim]:
    if facts.flag("donor.deceased"):
        yield _deceased(w, facts)
    if facts.flag("donor.do_not_contact"):
        yield w.write(
            "{name} is marked “{donor.do_not_contact}”, so please leave any outreach to the owner.",
            name=w.name(),
        )
    if facts.flag("donor.legal_review"):
        yield w.write("The record is {donor.legal_review}: check with the legal team ahead of any contact.")
    if facts.flag("complaint.recent"):
        yield w.write("A {complaint.recent} came in on {complaint.on}; please settle it ahead of any ask.")
    if facts.flag("acknowledgement.overdue"):
        yield _thanks_overdue(w, facts)
    if facts.flag("donor.merged"):
        yield w.write("The record was {donor.merged}; please work from the other record.")
    if facts.flag("donor.vulnerable"):
        yield w.write(
            "{name} is {donor.vulnerable}, so please handle any contact with care.", name=w.short_name()
        )
    if facts.flag("donor.sensitive"):
        yield w.write(
            "The relationship is marked {donor.sensitive}: check with the owner ahead of any contact."
        )
    yield from _payments_missing(w, facts)


def _deceased(w: Writer, facts: DonorFacts) -> Claim:
    advice = "please pause all asks and treat the family with care."
    if facts.day("donor.deceased_on") is None:
        return w.write(f"{{name}} {{donor.deceased}}; {advice}", name=w.name())
    return w.write(
        f"{{name}} {{died}} on {{donor.deceased_on}}; {advice}",
        name=w.name(),
        died=w.worded("donor.deceased", "died"),
    )


def _thanks_overdue(w: Writer, facts: DonorFacts) -> Claim:
    if (facts.count("acknowledgement.overdue_count") or 0) > 1:
        return w.write(
            "Thanks for {acknowledgement.overdue_count} gifts are {acknowledgement.overdue}, among them "
            "{acknowledgement.gift_amount} from {acknowledgement.gift_on}."
        )
    return w.write(
        "Thanks for the {acknowledgement.gift_amount} gift of {acknowledgement.gift_on} are "
        "{acknowledgement.overdue}: they were due on {acknowledgement.due_on}."
    )


def _payments_missing(w: Writer, facts: DonorFacts) -> Iterator[Claim]:
    if facts.flag("pledge.overdue") and facts.money("pledge.overdue_amount"):
        yield overdue(w, facts)
    failed = facts.count("recurring.failed_payments")
    if failed:
        noun = "payment" if failed == 1 else "payments"
        yield w.write(
            "The {recurring.frequency} gift of {recurring.amount} has {recurring.failed_payments} "
            f"failed {noun}, so a kind call may help."
        )


def _giving(w: Writer, facts: DonorFacts) -> Iterator[Claim]:
    count = facts.count("giving.count")
    first = facts.get("giving.first_on")
    if count is None:
        return
    if first is None:
        none = w.fact("giving.count", as_status=True)
        yield w.write("There is {none} for {name}.", none=none, name=w.name())
        return
    if count == 1:
        yield w.write(
            "{name} has made {giving.count} gift so far: {amount} on {day}.",
            name=w.name(),
            amount=w.of_record(first.records[0], "amount", facts.value("giving.first_amount")),
            day=w.of_record(first.records[0], "received_on", first.value),
        )
    else:
        yield w.write(
            f"{{name}} has given {lifetime(facts)} in {{giving.count}} gifts since {{giving.first_on}}, "
            "most recently {giving.last_amount} on {giving.last_on}.",
            name=w.name(),
        )
    if not facts.flag("donor.deceased"):
        yield from _loyalty(w, facts)


def _loyalty(w: Writer, facts: DonorFacts) -> Iterator[Claim]:
    name = w.short_name()
    status = facts.text("giving.status")
    last_given, given = (in_each_currency(facts, f"giving.{year}") for year in ("last_year", "this_year"))
    this_year = facts.currencies_of("giving.this_year")
    streak = facts.count("giving.consecutive_years") or 0
    if facts.flag("giving.lybunt") and facts.currencies_of("giving.last_year"):
        yield w.write(
            f"{{name}} gave {last_given} in {{fiscal_year.last}} but {{giving.lybunt}} in "
            "{fiscal_year.current}.",
            name=name,
        )
    elif facts.flag("giving.sybunt"):
        usual = "; {giving.median_gap_days} days between gifts is usual"
        usual = usual if (facts.count("giving.median_gap_days") or 0) > 1 else ""
        yield w.write(
            f"{{name}} {{giving.sybunt}}: the last gift came {{giving.days_since_last}} days ago{usual}.",
            name=name,
        )
    elif status == "recaptured" and this_year:
        yield w.write(f"{{name}} {{giving.status}} with {given} in {{fiscal_year.current}}.", name=name)
    elif streak > 1 and this_year:
        yield w.write(
            f"{{name}} has given {{giving.consecutive_years}} fiscal years running, with {given} "
            "so far in {fiscal_year.current}.",
            name=name,
        )


def _is_some(facts: DonorFacts, fact_id: str) -> bool:
    amount = facts.money(fact_id)
    return amount is not None and amount.minor > 0


def _outlook(w: Writer, facts: DonorFacts) -> Iterator[Claim]:
    yield from _commitments(w, facts)
    yield from _conversation(w, facts)
    largest = facts.money("giving.largest_amount")
    if (facts.count("giving.count") or 0) > 1 and largest and largest != facts.money("giving.last_amount"):
        yield w.write("The largest gift was {giving.largest_amount} on {giving.largest_on}.")
    if _is_some(facts, "household.lifetime"):
        yield w.write("The household has given {household.lifetime} in total.")
    if facts.currencies_of("giving.soft_credit"):
        yield soft_credit(w, facts)


_STANDING = {"paused": "is", "lapsed": "has", "cancelled": "was"}


def _commitments(w: Writer, facts: DonorFacts) -> Iterator[Claim]:
    if facts.currencies_of("pledge.balance") and facts.day("pledge.next_due_on"):
        balance = in_each_currency(facts, "pledge.balance")
        yield w.write(
            f"{balance} is outstanding on the pledge; the next payment of {{pledge.next_due_amount}} is "
            "due on {pledge.next_due_on}."
        )
    if facts.flag("pledge.paid_by_daf"):
        yield w.write(
            "A {pledge.paid_by_daf} payment is recorded on the pledge; check that it may be counted."
        )
    status = facts.text("recurring.status") or ""
    if status == "active" and not facts.count("recurring.failed_payments"):
        yield w.write(
            "A {recurring.frequency} gift of {recurring.amount} has been {recurring.status} since "
            "{recurring.started_on}."
        )
    elif status in _STANDING:
        yield w.write(
            f"The {{recurring.frequency}} gift of {{recurring.amount}} {_STANDING[status]} "
            "{recurring.status}."
        )


_SPOKEN = {
    "email": "email",
    "phone": "phone calls",
    "mail": "mail",
    "sms": "text messages",
    "visit": "visits",
}


def _conversation(w: Writer, facts: DonorFacts) -> Iterator[Claim]:
    kind = facts.text("contact.last_kind")
    if kind:
        article = "an" if kind[0] in "aeiou" else "a"
        owner = ", with {donor.owner} as relationship owner" if facts.text("donor.owner") else ""
        yield w.write(f"The last contact was {article} {{contact.last_kind}} on {{contact.last_on}}{owner}.")
    if facts.flag("ask.open"):
        yield w.write("There is an {ask.open}, so please agree any other request with the owner.")
    for channel, spoken in _SPOKEN.items():
        if facts.text(f"consent.{channel}.fundraising") == "opted_out":
            yield w.write(
                f"{{name}} has {{consent.{channel}.fundraising}} of {spoken} for fundraising.",
                name=w.short_name(),
            )
            return
