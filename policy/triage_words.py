"""What a message or a note speaks of, by the words in it: a tripwire that sends it to the right person.

It reads English, and the plainest words of German, French and Spanish; what does not read as English is said
to be *unread*, so that nobody takes silence for calm. What it misses otherwise a person still reads; what it
finds too much costs a second pair of eyes.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum, unique

from policy.injection import suspects_injection, without_hidden_characters
from policy.reading_language import reads_as_english

LONGEST = 20_000


@unique
class Topic(StrEnum):
    """What a text speaks of, as far as it decides who should see it."""

    DEATH = "death"
    LEGAL = "legal"
    COMPLAINT = "complaint"
    REFUSAL = "refusal"
    VULNERABLE = "vulnerable"
    PAYMENT = "payment"
    TIMING = "timing"
    OPPORTUNITY = "opportunity"
    ORDERS = "orders"
    UNREAD = "unread"


_DEATH = r"""
passed away
(?:has|have|had) died
died (?:on|in|last|this|peacefully|suddenly)
death of
deceased
funeral
condolence
my late (?:husband|wife|mother|father|partner)
executor
probate
verstorben|gestorben|décédée?s?|fallecid[oa]|falleció
"""
_LEGAL = r"""
solicitors?\b|lawyers?\b|attorneys?\b
legal (?:action|advice|proceedings|counsel|team)
lawsuit|litigation|subpoena|court order|sue you
gdpr|data protection|subject access
right to (?:be forgotten|erasure)
delete (?:all )?my (?:data|details|information)
contest(?:ing|ed)? (?:the|a) (?:will|bequest)
rechtsanw[aä]lt|anwältin|datenschutz|avocate?\b|abogad[oa]
"""
_COMPLAINT = r"""
complain\w*
unhappy|upset|angry|furious|offended|disappointed
outrag\w*|disgust\w*
unacceptable
ombudsman|fundraising regulator|charity commission
beschwer\w*|verärgert|enttäuscht|déçue?|plainte|queja|decepcionad[oa]
"""
_REFUSAL = r"""
unsubscribe
opt(?:ed|ing)?[ -]out
take me off|remove me
stop (?:sending|e-?mailing|calling|writing|texting|contacting|asking)
do(?: not|n['’]t) (?:e-?mail|call|phone|write|text|contact)
no (?:more|further) (?:e-?mails?|calls?|letters?|mail|mailings?|messages?|texts?)
abmelden|keine (?:weiteren )?(?:e-?mails|briefe|anrufe)|désabonn\w+|dar(?:me)? de baja
"""
_VULNERABLE = r"""
lost my job|redundan(?:t|cy)|bankrupt\w*
can(?:not|['’]t) afford
diagnos(?:ed|is)|dementia|alzheimer
in hospital|hospice|care home
bereave\w*|power of attorney|confused about
arbeitslos|krankenhaus
"""
_PAYMENT = r"""
refund
charged (?:twice|again|the wrong)|double[- ]charged|wrong amount
card (?:was )?(?:declined|expired)
direct debit|bank details
cancel (?:my|the) (?:gift|donation|pledge|payment|standing order|subscription)
erstattung|remboursement|reembolso
"""
_TIMING = r"""
not (?:the )?right time|not (?:yet )?ready|need (?:more )?time|too (?:soon|early)
(?:later|early|earlier|end|beginning) (?:in|of|this|next) (?:the )?(?:year|month|quarter|week)
(?:later|early|earlier) (?:this|next|in the) (?:spring|summer|autumn|fall|winter)
next (?:year|quarter|month|spring|summer|autumn|fall)
in the (?:spring|summer|autumn|fall|winter|new year)
postpone|put (?:it|this|that) off|hold off|delay|wait until|revisit
after (?:the )?(?:tax year|holidays|sale|new year|spring|summer|autumn|fall|winter|christmas|easter)
not (?:this|until|before) (?:the )?(?:next )?(?:year|quarter|month|spring|summer|autumn|fall|winter)
when (?:would|will) you need
(?:our|my) timing|timeline
nächstes jahr|später|l['’]année prochaine|plus tard|el próximo año|más tarde
"""
_OPPORTUNITY = r"""
in my will|legacy gift|bequest
leave (?:a|something in) (?:legacy|bequest|will)
increase (?:my|our)
(?:give|do|donate) more
matching gift|my (?:company|employer) (?:will|would|can) match
sponsor
happy to (?:meet|talk|help|support)
would (?:like|love) to (?:meet|visit|give|support|know more)
introduce you
testament|legs\b|herencia
"""
_WORDS = (
    (Topic.DEATH, _DEATH),
    (Topic.LEGAL, _LEGAL),
    (Topic.COMPLAINT, _COMPLAINT),
    (Topic.REFUSAL, _REFUSAL),
    (Topic.VULNERABLE, _VULNERABLE),
    (Topic.PAYMENT, _PAYMENT),
    (Topic.TIMING, _TIMING),
    (Topic.OPPORTUNITY, _OPPORTUNITY),
)
_TOPICS = tuple(
    (topic, re.compile(rf"(?<!\w)(?:{'|'.join(words.split(chr(10))[1:-1])})", re.IGNORECASE))
    for topic, words in _WORDS
)
# A condolence we wrote, or a complaint somebody else had, is still worth the look; a denial of one is not.
_DENIED = re.compile(r"(?:\bno|\bnot a|\bwithout|\bnever had a|\bnot)\s+$", re.IGNORECASE)


def topics_of(text: str) -> tuple[Topic, ...]:
    """Return what *text* speaks of, the gravest first; each topic once."""
    plain = unicodedata.normalize("NFKC", without_hidden_characters(text[:LONGEST]))
    found = [topic for topic, words in _TOPICS if _speaks(words, plain)]
    if suspects_injection(text):
        found.append(Topic.ORDERS)
    if not reads_as_english(plain):
        found.append(Topic.UNREAD)
    return tuple(found)


def _speaks(words: re.Pattern[str], text: str) -> bool:
    return any(not _DENIED.search(text[max(0, m.start() - 14) : m.start()]) for m in words.finditer(text))
