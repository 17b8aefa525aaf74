"""What somebody wrote about pausing: which capabilities, for how long, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

from handlers.commands import LONGEST_PAUSE_MINUTES
from policy.decision_facts import Capability

LONGEST_REASON = 300
EVERYTHING = "all"
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}
_DURATION = r"(\d{1,5})\s?(m|min|mins|minutes?|h|hours?|d|days?)"
_FOR = re.compile(rf"\bfor\s+{_DURATION}\b[\s,:;.\-–]*", re.IGNORECASE)
_ALONE = re.compile(_DURATION, re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,+]+")


@dataclass(frozen=True, slots=True)
class PauseWords:
    """*unknown* is the first word where no capability could be read."""

    capabilities: tuple[Capability, ...] = ()
    minutes: int | None = None
    reason: str = ""
    unknown: str = ""


def pause_words(text: str) -> PauseWords:
    """Read "execute for 2h CRM import" or "draft, auto-route the AI invents things"."""
    found = _FOR.search(text)
    minutes = _minutes(found) if found else None
    rest = (text[: found.start()] + text[found.end() :]).strip() if found else text.strip()
    capabilities, why = _capabilities(rest)
    if not capabilities and rest:
        return PauseWords(unknown=_SEPARATORS.split(rest)[0])
    if found and minutes is None:
        return PauseWords(unknown=found.group(0).strip())
    return PauseWords(capabilities, minutes, why[:LONGEST_REASON].strip(" ,:;-–"))


def minutes_of(text: str) -> int | None:
    """Return the minutes in "2h", "90 min" or "3 days"; None when it is none or too long."""
    found = _ALONE.fullmatch(text.strip())
    return _minutes(found) if found else None


def _minutes(found: re.Match[str]) -> int | None:
    minutes = int(found.group(1)) * _MINUTES[found.group(2)[0].lower()]
    return minutes if 1 <= minutes <= LONGEST_PAUSE_MINUTES else None


def _capabilities(text: str) -> tuple[tuple[Capability, ...], str]:
    """Take the names off the front of *text*, in any usual spelling, until a word is none."""
    named: set[Capability] = set()
    rest = text
    while rest:
        word, _, after = _cut(rest)
        if word == EVERYTHING:
            named.update(CAPABILITIES)
        elif word in CAPABILITIES:
            named.add(word)
        elif word == "auto" and _cut(after)[0] == "route":
            named.add("auto_route")
            after = _cut(after)[2]
        elif word != "and" or not named:
            break
        rest = after
    return tuple(each for each in CAPABILITIES if each in named), rest


def _cut(text: str) -> tuple[str, str, str]:
    parts = _SEPARATORS.split(text.strip(" ,+"), maxsplit=1)
    word = parts[0].casefold().rstrip(":;.").replace("-", "_")
    return word, " ", parts[1] if len(parts) > 1 else ""
