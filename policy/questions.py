"""Questions about one donor, answered by rules: in cited sentences, or openly that nothing is recorded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from policy import answers_on_giving as giving
from policy import answers_on_relations as relations
from policy.asked import LONGEST_ANSWER, Answered, Asked, Said
from policy.claims import Claim
from policy.donor import DonorRecord
from policy.facts import is_unread
from policy.facts_model import DonorFacts
from policy.sentences import Writer

__all__ = ["Answered", "answer_question", "is_question"]


def answer_question(question: str, record: DonorRecord, facts: DonorFacts) -> Answered:
    """Answer every part of *question* that a rule knows; unread records are named instead of guessed at."""
    plain = " ".join(question.casefold().replace("’", "'").split())
    asked = Asked(Writer(record, facts), record, facts, plain)
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

_CONTACT_DETAILS = "Addresses and numbers are in the CRM; I do not repeat them here."
_PRIVATE = (
    "Health, family, faith, politics and wealth are nothing I speak about; what is recorded is in the CRM."
)
_FUTURE = "I cannot say what somebody will do or should be asked for; that is yours to judge."


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a question must say for *answer*, and the kind of record that the answer rests on."""

    words: re.Pattern[str]
    answer: Callable[[Asked], Said]
    rests_on: str

    def unread(self, record: DonorRecord) -> tuple[str, ...]:
        """Say that what it rests on could not be read: silence would look like an answer."""
        kind = self.rests_on
        return (_UNREAD.format(kind=kind.replace("_", " ")),) if kind and is_unread(record, kind) else ()


_UNREAD = "The {kind} could not be read from the CRM, so I cannot say."


def _rule(words: str, answer: Callable[[Asked], Said], rests_on: str = "gifts") -> _Rule:
    return _Rule(re.compile(rf"\b(?:{words})"), answer, rests_on)


_GIFT = r"(?:gifts?|donations?|g[ai]ve|given|donated?|contributions?)"

_HOW_MUCH = _rule(r"how much (?:ha(?:s|ve)|did|do|does)\b", giving.lifetime_giving)

_ANSWERS = (
    _rule(r"die[sd]?\b|death\b|dead\b|deceased|passed away|(?:still )?alive|obituary", relations.death, ""),
    _rule(rf"(?:{'|'.join(giving.PLACES)}) (?:gift|donation|contribution)\b", giving.gift_by_place),
    _rule(
        rf"(?:last|latest|most recent|newest|penultimate)\b[^?.]*\b{_GIFT}|when did [^?.]*last give",
        giving.last_gift,
    ),
    _rule(
        rf"(?:first|earliest)\b[^?.]*\b{_GIFT}|since when|donor since|start(?:ed)? giving", giving.first_gift
    ),
    _rule(rf"(?:largest|biggest|highest|top)\b[^?.]*\b{_GIFT}|most generous", giving.largest_gift),
    _rule(
        rf"on average|average {_GIFT}|(?:average|typical|usual)(?:ly)?\b[^?.]*\b{_GIFT}"
        rf"|{_GIFT}[^?.]*\b(?:typically|usually)",
        giving.average_gift,
    ),
    _rule(r"(?:total|lifetime|altogether|in all|overall|how many gifts)\b", giving.lifetime_giving),
    _rule(r"(?:this|current|present) (?:fiscal |financial )?year|so far this", giving.given_this_year),
    _rule(r"last (?:fiscal |financial )?year|previous year|year before", giving.given_last_year),
    _rule(r"(?:fy ?)?(?:19|20)\d\d\b", giving.given_in_a_year),
    _rule(r"loyal|consecutive|in a row|every year|streak|lapsed|lybunt|sybunt", giving.loyalty),
    _rule(r"pledges?\b|pledged|instal?ments?|outstanding|owe[sd]?\b|balance", relations.pledge, "pledges"),
    _rule(
        r"recurring|monthly|standing (?:gift|order)|sustainer|regular gift|direct debit",
        relations.standing_gift,
        "recurring_gifts",
    ),
    _rule(
        r"consent|opt(?:ed)?[ -]?(?:in|out)|permission|allowed to|"
        r"(?:may|can|could|should) (?:we|i) (?:e-?mail|call|phone|ring|text|write|contact|visit|post)",
        relations.consent,
        "consents",
    ),
    _rule(
        r"last (?:contact|call|meeting|visit|conversation|spoke|talk)|"
        r"when did (?:we|anyone|somebody|someone) last|last (?:in touch|reached|heard)",
        relations.last_contact,
        "interactions",
    ),
    _rule(
        r"next (?:contact|call|meeting|visit|appointment)|meeting planned|upcoming (?:meeting|visit|call)",
        relations.next_contact,
        "interactions",
    ),
    _rule(
        r"last ask|asked (?:for|last|recently)|solicit|open ask|when (?:were|was) (?:they|she|he) asked",
        relations.asks,
        "interactions",
    ),
    _rule(r"tasks?\b|to-?dos?\b|what is due|reminders?\b", relations.tasks, "tasks"),
    _rule(r"household|spouse|husband|wife|partner|family gives", relations.household, ""),
    _rule(r"campaigns?\b|appeals?\b|gala|respon(?:d|se)", giving.campaigns),
    _rule(r"thank(?:ed|s|ing)?\b|acknowledg", giving.thanks),
    _rule(r"owner|owns\b|relationship manager|who (?:looks after|manages)|portfolio", relations.owner, ""),
    _rule(r"stage|lifecycle|tier\b|level\b|major donor", relations.stage, ""),
    _rule(r"soft credit|recogni[sz]ed for|adviser|daf\b", giving.recognised_for, "soft_credits"),
    _rule(r"complain", relations.complaints, "notes"),
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
