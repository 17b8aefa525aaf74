"""What a card has said already, so that it says nothing twice."""

from __future__ import annotations

import re

from bot.slack.text import one_line

_WORD = re.compile(r"[^\W_]+(?:['’.,:/-][^\W_]+)*")
_FIGURE = re.compile(r"\d")

_FILLING = (
    "a an as the of on to for by in at and with from due "
    "create plan add keep give move take put record task follow-up donor donor's gift gifts"
)
FILLING = frozenset(_FILLING.split())
"""Words that carry nothing beside a list of fields, each with its label and value."""


def adds_nothing(text: str, *known: str) -> bool:
    """Say whether every word of *text* that carries something stands in *known* already."""
    return _words(text) - FILLING <= _words(" ".join(known))


def same_figures(text: str, *known: str) -> bool:
    """Say whether *text* has figures, and none that *known* does not have."""
    figures = {word for word in _words(text) if _FIGURE.search(word)}
    return bool(figures) and figures <= _words(" ".join(known))


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(one_line(text))}
