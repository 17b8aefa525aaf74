"""What the words around the figures say: free words, words a slot must answer, and everything else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from policy.phrases import statuses
from policy.verifier_lexicon import ALSO_NAMES, CAPITALISED, LEXICON

# Stands where a slot was; no text of ours or of a CRM contains it.
MASK = "\ufffc"

_ALLOWED = re.compile(rf"[A-Za-zÀ-ÖØ-öø-ÿ {MASK}.,;:!?'’\"“”()/–—-]*")
_APPROXIMATE = re.compile(
    rf"\b(?:about|around|over|under|up to|some|another|toward|towards|upto|upwards of)\s+{MASK}"
    r"|\bor so\b|\bgive or take\b"
    rf"|{MASK}\s+(?:or|plus or minus|per|each|apiece|and over|and up)\b(?! {MASK})",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ]+(?:['’-][A-Za-zÀ-ÖØ-öø-ÿ]+)*")
_SIGN = re.compile(r"\S")
_DOMAIN = re.compile(r"\w\.\w|//|\bwww\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Qualifier:
    """A word that says which figure is meant; a slot bound to one of *facts* must answer it."""

    name: str
    words: re.Pattern[str]
    facts: tuple[str, ...]
    exclusive: bool = False

    def answered_by(self, name: str) -> bool:
        """Say whether a slot bound to fact or field *name* is what the word speaks of."""
        return name.startswith(self.facts)


def _qualifier(name: str, words: str, *facts: str, exclusive: bool = False) -> Qualifier:
    return Qualifier(name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE), facts, exclusive)


QUALIFIERS: tuple[Qualifier, ...] = (
    _qualifier("first", "first|earliest|initial", "giving.first_", exclusive=True),
    _qualifier(
        "last",
        "last|latest|most recent(?:ly)?|newest",
        "giving.last_on",
        "giving.last_amount",
        "giving.days_since_last",
        "contact.last_",
        "contact.days_since",
        "ask.last_",
        "ask.days_since",
        exclusive=True,
    ),
    _qualifier(
        "largest", "largest|biggest|greatest|highest|most generous", "giving.largest_", exclusive=True
    ),
    _qualifier(
        "average",
        "average|typical(?:ly)?|usual(?:ly)?|median",
        "giving.average",
        "giving.median_gap_days",
        exclusive=True,
    ),
    _qualifier(
        "lifetime",
        "lifetime|in total|totals?|totalling|totaling|altogether|in all|cumulative(?:ly)?|so far|to date",
        "giving.lifetime",
        "giving.count",
        "household.lifetime",
        "giving.this_year",
        "giving.year.",
        "giving.soft_credit",
        "giving.largest_",
    ),
    _qualifier("next", "next|upcoming", "pledge.next_", "recurring.next_", "contact.next_", "task.next_"),
    _qualifier("household", "household's|household", "household."),
    _qualifier("soft credit", "soft credits?|soft-credited", "giving.soft_credit"),
    _qualifier("pledge", "pledges?|pledged", "pledge.", "pledged_on"),
    _qualifier(
        "since",
        "since",
        "giving.first_on",
        "recurring.started_on",
        "started_on",
        "pledge.overdue_since",
        exclusive=True,
    ),
    _qualifier("recurring", "recurring", "recurring."),
    _qualifier("refunded", "refunded", "giving.refunded_count"),
    _qualifier("pending", "pending", "giving.pending_count"),
    _qualifier("in kind", "in[ -]kind", "giving.in_kind_count"),
    _qualifier("planned", "planned", "giving.planned_count"),
    _qualifier("post-dated", "post-dated", "giving.post_dated_count"),
    _qualifier("row", "in a row|running|consecutive", "giving.consecutive_years"),
    _qualifier("failed", "failed", "recurring.failed_payments", "failed_payments"),
    _qualifier("ago", "ago", "giving.days_since_last", "contact.days_since", "ask.days_since"),
    _qualifier("owed", "owed|outstanding|still to pay|to go", "pledge.balance", "pledge.overdue_amount"),
)

EXCLUSIVE: tuple[Qualifier, ...] = tuple(each for each in QUALIFIERS if each.exclusive)
_ANY_QUALIFIER = re.compile("|".join(each.words.pattern for each in QUALIFIERS), re.IGNORECASE)


@cache
def _meant_by(words: str) -> tuple[Qualifier, ...]:
    return tuple(each for each in QUALIFIERS if each.words.fullmatch(words))


def qualifiers_in(text: str) -> list[tuple[int, Qualifier]]:
    """Return the qualifiers that stand in *text* with their places, in the order of the text."""
    found = _ANY_QUALIFIER.finditer(text)
    return [(match.start(), each) for match in found for each in _meant_by(match[0].lower())]


# What the sentence must say around a slot bound to the fact: else one figure is passed off as another.
NEEDS: tuple[tuple[str, str], ...] = (
    ("giving.first_", r"\b(?:first|earliest|initial|since)\b"),
    ("giving.last_on", r"\b(?:last|latest|recent|recently|newest)\b"),
    ("giving.last_amount", r"\b(?:last|latest|recent|recently|newest)\b"),
    ("giving.days_since_last", r"\b(?:last|latest|recent|ago)\b"),
    ("giving.days_since_last", r"\b(?:gifts?|gave|given|donations?|donated)\b"),
    ("contact.", r"\b(?:contact|conversation|spoke|touch|met|meeting|call|visit|letter|e-?mail|event)|reply"),
    ("acknowledgement.due_count", r"\b(?:wait|to (?:thank|acknowledge))"),
    ("giving.largest_", r"\b(?:largest|biggest|greatest|highest|generous)\b"),
    ("giving.average", r"\b(?:average|typical|usual)"),
    ("giving.median_gap_days", r"\b(?:typical|usual|median)"),
    ("giving.soft_credit", r"\bsoft"),
    ("giving.consecutive_years", r"\b(?:in a row|running|consecutive)\b"),
    ("giving.in_kind_count", r"\bin[ -]kind\b"),
    ("giving.refunded_count", r"\brefunded\b"),
    ("giving.pending_count", r"\bpending\b"),
    ("giving.planned_count", r"\bplanned\b"),
    ("giving.post_dated_count", r"\bpost-dated\b"),
    ("household.lifetime", r"\bhousehold"),
    ("pledge.", r"\bpledge"),
    ("pledge.next_", r"\bdue\b"),
    ("pledge.overdue", r"\b(?:overdue|late|past due)\b"),
    ("pledge.days_overdue", r"\b(?:overdue|late|past due)\b"),
    ("pledge.balance", r"\b(?:owed|outstanding|balance|to pay|to go)\b"),
    ("recurring.failed_payments", r"\bfailed\b"),
    ("recurring.next_due_on", r"\b(?:next|due)\b"),
    ("recurring.started_on", r"\b(?:since|start)"),
    ("ask.", r"\bask"),
    ("contact.last_on", r"\b(?:last|latest|recent)"),
    ("contact.next_on", r"\b(?:next|plan|upcoming)"),
    ("acknowledgement.", r"thank|acknowledg"),
    ("acknowledgement.due_on", r"\bdue\b"),
    ("complaint.on", r"\bcompl"),
    ("task.", r"\b(?:task|to-do)"),
    ("donor.owner", r"\b(?:owne|relationship|manage|care|handle|look)"),
)

_GIFTS = r"(?:[a-z-]+ )?(?:gifts?|donations?|contributions?)\b"
UNITS: tuple[tuple[str, str], ...] = (
    ("giving.count", _GIFTS),
    ("giving.in_kind_count", _GIFTS),
    ("giving.years_given", r"(?:different |fiscal )*years?\b"),
    ("giving.consecutive_years", r"(?:consecutive |fiscal )*years?\b"),
    ("giving.days_since_last", r"days?\b"),
    ("giving.median_gap_days", r"days?\b"),
    ("contact.days_since", r"days?\b"),
    ("ask.days_since", r"days?\b"),
    ("ask.recent_count", r"(?:recent )?(?:asks?|solicitations?|times?)\b"),
    ("pledge.open_count", r"(?:open )?pledges?\b"),
    ("pledge.days_overdue", r"days?\b"),
    ("recurring.failed_payments", r"failed payments?\b"),
    ("task.open_count", r"(?:open )?tasks?\b"),
    ("task.overdue_count", r"(?:overdue )?tasks?\b"),
    ("acknowledgement.due_count", _GIFTS),
    ("acknowledgement.overdue_count", _GIFTS),
)


# Longest first: the part of a fact's id that says what it is about.
_TOPICS = (
    "giving.soft_credit",
    "household",
    "recurring",
    "pledge",
    "acknowledgement",
    "contact",
    "ask",
    "complaint",
    "task",
    "consent",
    "donor.deceased",
    "giving",
)


@cache
def topic(name: str) -> str | None:
    """Return what a fact is about; None for a record's field and for what may stand in any sentence."""
    return next((one for one in _TOPICS if "." in name and name.startswith(one)), None)


_NEEDED = tuple((prefix, re.compile(words, re.IGNORECASE)) for prefix, words in NEEDS)
_UNIT = {name: re.compile(rf"\s*{words}", re.IGNORECASE) for name, words in UNITS}


def _sayable(wording: str) -> bool:
    return all(word in LEXICON for word in re.split(r"[ -]", wording.lower()))


# A wording made of free words alone would state a status without a slot.
_STATUS = re.compile(
    "|".join(rf"\b{re.escape(one)}\b" for one in sorted(statuses(), key=len, reverse=True) if _sayable(one)),
    re.IGNORECASE,
)


def unexplained(residual: str) -> str | None:
    """Return why text with its slots masked says more than the slots bear out; None when it does not."""
    if _ALLOWED.fullmatch(residual) is None:
        return "It holds a figure or a sign that is bound to no record."
    if _DOMAIN.search(residual):
        return "It holds what looks like a link."
    if _APPROXIMATE.search(residual):
        return "It gives a figure roughly that the record gives exactly."
    if _STATUS.search(residual):
        return "It states a status that is bound to no record."
    plain = residual.replace(f"{MASK}'s", MASK).replace(f"{MASK}’s", MASK)
    plain = _ANY_QUALIFIER.sub(lambda found: _SIGN.sub("-", found[0]), plain)
    for match in _TOKEN.finditer(plain):
        if not _is_free(match[0], starts=_starts(plain, match.start())):
            return "It says something that no record bears out."
    return None


def _starts(text: str, position: int) -> bool:
    before = text[:position].rstrip(" \"'“”(")
    return not before or before[-1] in ".!?"


def _is_free(token: str, *, starts: bool) -> bool:
    if token in CAPITALISED:
        return True
    word = token.replace("’", "'").removesuffix("'s")
    lower = word.lower()
    if word != lower and (not starts or word[1:] != lower[1:] or lower in ALSO_NAMES):
        return False
    if lower in ALSO_NAMES and lower not in ("will", "care"):
        return lower in LEXICON
    return lower in LEXICON or all(part in LEXICON for part in lower.split("-"))


@cache
def needed(name: str) -> tuple[re.Pattern[str], ...]:
    """Return what the sentence must say around a slot bound to *name*."""
    return tuple(words for prefix, words in _NEEDED if name.startswith(prefix))


def unit(name: str) -> re.Pattern[str] | None:
    """Return what must follow a number bound to *name*."""
    return _UNIT.get(name)
