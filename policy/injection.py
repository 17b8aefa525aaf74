"""A tripwire for text that gives orders to a machine: it finds clumsy attempts and is no defence."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_DISGUISE = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_PATTERNS = r"""
\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|polic|guideline)
\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:above|previous|prior|earlier|safeguard|approval)
\b(?:new|updated|real|following|important) (?:system )?(?:instruction|prompt|task|order)s?\b
\bsystem (?:prompt|message|note|instruction|override)\b
\byou are (?:now|an? (?:ai|assistant|language model|helpful))\b
\b(?:as|hey|dear|attention|note to(?: the)?) (?:an? )?(?:ai|assistant|language model|llm|bot|gpt)\b
\b(?:act|behave|respond|pretend) as (?:if|an?|the)\b
\b(?:reveal|print|repeat|show|output|leak|exfiltrate)\b.{0,30}\b(?:prompt|instruction|secret|api key)
\b(?:reveal|print|repeat|show|output|leak|exfiltrate)\b.{0,30}\b(?:password|token|credential)
\bdo not (?:tell|inform|mention|ask|wait for)\b.{0,40}\b(?:user|human|owner|anyone|approval|staff)
\b(?:without|skip|no) (?:any )?(?:human )?(?:approval|review|confirmation)\b
\b(?:set|change|raise|update)\b.{0,30}\b(?:confidence|bank account|iban|payee|wire|routing)\b
\b(?:jailbreak|developer mode|dan mode|prompt injection)\b
<\s*/?\s*(?:system|assistant|user|instructions?|information|important)\b[^>]*>
\[/?(?:inst|system)\]|<\|[a-z_]+\|>|^#+\s*(?:system|instruction|assistant)
^\s*(?:system|assistant|developer)\s*:
\b(?:recommend|choose|select|approve|execute|call)\b.{0,30}\b(?:action|tool|function)\b.{0,40}\b(?:instead|now)
!\[[^\]]*\]\(
\b(?:ignoriere|ignora|ignorez|oublie[zr]?|olvida|vergiss)\b.{0,40}\b(?:anweisung|instruc|regel|r[eè]gl|consign)
"""
_ORDERS = re.compile("|".join(_PATTERNS.strip().splitlines()), re.IGNORECASE | re.MULTILINE | re.DOTALL)
_MAXIMUM = 20_000


def without_hidden_characters(text: str) -> str:
    """Return text without control, zero-width, direction and tag characters."""
    return _CONTROL.sub(" ", _HIDDEN.sub("", text))


def suspects_injection(text: str) -> bool:
    """Say whether a text looks like an attempt to give a model orders; hidden characters count as one."""
    head = text[:_MAXIMUM]
    if _DISGUISE.search(head):
        return True
    plain = unicodedata.normalize("NFKC", without_hidden_characters(head))
    return _ORDERS.search(plain) is not None
