"""A tripwire for text that gives orders to a machine: it finds clumsy attempts and is no defence."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_DISGUISE = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_PATTERNS: tuple[tuple[str, str], ...] = (
    (
        "ignore|disregard|forget|override|bypass",
        r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|polic|guideline)",
    ),
    (
        "ignore|disregard|forget|override|bypass",
        (
            r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}"
            r"\b(?:above|previous|prior|earlier|safeguard|approval)"
        ),
    ),
    (
        "instruction|prompt|task|order",
        r"\b(?:new|updated|real|following|important) (?:system )?(?:instruction|prompt|task|order)s?\b",
    ),
    ("system ", r"\bsystem (?:prompt|message|note|instruction|override)\b"),
    ("you are ", r"\byou are (?:now|an? (?:ai|assistant|language model|helpful))\b"),
    (
        " ai| assistant| language model| llm| bot| gpt",
        (
            r"\b(?:as|hey|dear|attention|note to(?: the)?) (?:an? )?"
            r"(?:ai|assistant|language model|llm|bot|gpt)\b"
        ),
    ),
    (
        "act as |behave as |respond as |pretend as ",
        r"\b(?:act|behave|respond|pretend) as (?:if|an?|the)\b",
    ),
    (
        "prompt|instruction|secret|api key",
        (
            r"\b(?:reveal|print|repeat|show|output|leak|exfiltrate)\b.{0,30}"
            r"\b(?:prompt|instruction|secret|api key)"
        ),
    ),
    (
        "password|token|credential",
        r"\b(?:reveal|print|repeat|show|output|leak|exfiltrate)\b.{0,30}\b(?:password|token|credential)",
    ),
    (
        "do not ",
        (
            r"\bdo not (?:tell|inform|mention|ask|wait for)\b.{0,40}"
            r"\b(?:user|human|owner|anyone|approval|staff)"
        ),
    ),
    (
        "approval|review|confirmation",
        r"\b(?:without|skip|no) (?:any )?(?:human )?(?:approval|review|confirmation)\b",
    ),
    (
        "confidence|bank account|iban|payee|wire|routing",
        r"\b(?:set|change|raise|update)\b.{0,30}\b(?:confidence|bank account|iban|payee|wire|routing)\b",
    ),
    (
        "jailbreak|developer mode|dan mode|prompt injection",
        r"\b(?:jailbreak|developer mode|dan mode|prompt injection)\b",
    ),
    ("<", r"<\s*/?\s*(?:system|assistant|user|instructions?|information|important)\b[^>]*>"),
    ("[|<|#", r"\[/?(?:inst|system)\]|<\|[a-z_]+\|>|^#+\s*(?:system|instruction|assistant)"),
    ("system|assistant|developer", r"^\s*(?:system|assistant|developer)\s*:"),
    (
        "action|tool|function",
        (
            r"\b(?:recommend|choose|select|approve|execute|call)\b.{0,30}"
            r"\b(?:action|tool|function)\b.{0,40}\b(?:instead|now)"
        ),
    ),
    ("![", r"!\[[^\]]*\]\("),
    (
        "ignor|oublie|olvida|vergiss",
        (
            r"\b(?:ignoriere|ignora|ignorez|oublie[zr]?|olvida|vergiss)\b.{0,40}"
            r"\b(?:anweisung|instruc|regel|r[eè]gl|consign)"
        ),
    ),
)
"""Each with words of which a text that it finds holds one: looking for those costs a hundredth, and a record
may hold thousands of notes.
"""
_ORDERS = tuple(
    (frozenset(words.split("|")), re.compile(pattern, re.IGNORECASE | re.MULTILINE | re.DOTALL))
    for words, pattern in _PATTERNS
)
_WORDS = frozenset(word for words, _ in _ORDERS for word in words)
_MAXIMUM = 20_000


def without_hidden_characters(text: str) -> str:
    """Return text without control, zero-width, direction and tag characters."""
    return _CONTROL.sub(" ", text if text.isascii() else _HIDDEN.sub("", text))


def suspects_injection(text: str) -> bool:
    """Say whether a text looks like an attempt to give a model orders; hidden characters count as one."""
    head = text[:_MAXIMUM]
    if not head.isascii() and _DISGUISE.search(head):
        return True
    plain = unicodedata.normalize("NFKC", without_hidden_characters(head))
    # A pattern takes these letters for an i, whatever its case, and `lower` does not.
    lowered = plain.replace("\u0130", "i").replace("\u0131", "i").lower()
    found = {word for word in _WORDS if word in lowered}
    return any(not found.isdisjoint(words) and pattern.search(plain) for words, pattern in _ORDERS)
