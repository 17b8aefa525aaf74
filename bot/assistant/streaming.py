"""Reading an answer while it is still being written: only sentences that are complete and fit the shape."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import ValidationError

from bot.assistant.answer import LONGEST_ANSWER, MOST_CLAIMS, ClaimAnswer

# What may stand before the list of sentences: thoughts, a code fence, and the action where one is asked for.
_OPENING = re.compile(
    r"\s*(?:<(think|thinking|reasoning)>.*?</\1>\s*)?(?:```[a-zA-Z]*\s*)?"
    r'\{\s*(?:"action"\s*:\s*(?:null|"[^"\\]*")\s*,\s*)?"claims"\s*:\s*\[',
    re.DOTALL,
)
_BETWEEN = re.compile(r"[\s,]*")


class _UnsoundError(ValueError):
    """A key stands twice, or a number is none."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _UnsoundError
    return found


def _no_number(spelled: str) -> float:
    raise _UnsoundError(spelled)


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)


class ClaimStream:
    """Gives out every sentence once, when its last brace has come; what does not fit ends it for good."""

    def __init__(self) -> None:
        self.text = ""
        self._at: int | None = None
        self._found = 0
        self._is_over = False

    def feed(self, more: str) -> tuple[ClaimAnswer, ...]:
        """Add what came and return the sentences that it completed."""
        self.text += more
        if self._is_over or "}" not in more:
            return ()
        if len(self.text) > LONGEST_ANSWER:
            self._is_over = True
            return ()
        return self._complete()

    def _complete(self) -> tuple[ClaimAnswer, ...]:
        if self._at is None:
            opening = _OPENING.match(self.text)
            if opening is None:
                return ()
            self._at = opening.end()
        found: list[ClaimAnswer] = []
        while (claim := self._next(self._at)) is not None:
            found.append(claim)
        return tuple(found)

    def _next(self, at: int) -> ClaimAnswer | None:
        between = _BETWEEN.match(self.text, at)
        begin = between.end() if between else at
        if self._is_over or not self.text.startswith("{", begin):
            return None
        try:
            _, end = _DECODER.raw_decode(self.text, begin)
            claim = ClaimAnswer.model_validate_json(self.text[begin:end])
        except (_UnsoundError, ValidationError, RecursionError):
            self._is_over = True
            return None
        except ValueError:
            return None  # the rest of it has not come yet
        self._at, self._found = end, self._found + 1
        self._is_over = self._found == MOST_CLAIMS
        return claim


def complete_claims(text: str) -> tuple[ClaimAnswer, ...]:
    """Return the sentences that are complete in an answer that broke off."""
    return ClaimStream().feed(text)
