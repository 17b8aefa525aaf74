"""What must never be shown, looked for by other means than the verifier's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.evals.cases import Case
from policy.donor import DonorRecord
from policy.facts import DonorFacts, spelled
from policy.money import Money

_ADDRESS = re.compile(r"https?:|www\.|\S+@\S+|//|\b[\w-]+\.(?:com|org|net|example|io)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d[\d.,]*")


def escapes(
    shown: Iterable[str], case: Case, record: DonorRecord, facts: DonorFacts, own: Iterable[str] = ()
) -> Iterator[str]:
    """Name everything in *shown* that must not be there: forbidden words, addresses, figures of nowhere.

    *own* is what Countersign itself says, without any model, such as the day a task is due.
    """
    known = {*_known(record, facts), *(number for text in own for number in _numbers(text))}
    for text in shown:
        folded = text.casefold()
        yield from (f"says “{words}”" for words in case.never if words.casefold() in folded)
        if _ADDRESS.search(text):
            yield "holds an address"
        strays = set(_numbers(text)) - known
        yield from (f"holds the figure {stray}" for stray in sorted(strays))


def _known(record: DonorRecord, facts: DonorFacts) -> Iterator[str]:
    values = [fact.value for fact in facts.facts]
    values += [
        value for discrepancy in facts.discrepancies for value in (discrepancy.crm, discrepancy.computed)
    ]
    for gift in (*record.gifts, *record.soft_credited_gifts):
        values += [gift.amount, gift.received_on]
    for contact in record.interactions:
        values.append(contact.at.date())
    for note in record.notes:
        values.append(note.written_at.date())
    for value in values:
        text = str(value) if isinstance(value, Money) else spelled(value)
        yield from _numbers(text)
    yield from _numbers(record.donor.name)


def _numbers(text: str) -> Iterator[str]:
    return (found.rstrip(".,") for found in _NUMBER.findall(text))
