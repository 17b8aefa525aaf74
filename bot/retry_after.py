"""How long a counterpart asks to be left alone, in whichever way it or a proxy in between says so."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST_S = 3600
"""Whoever asks for more is asked again after an hour: nothing may be put off for ever by one header."""

_SECONDS = re.compile(r"\d{1,12}(?:\.\d{1,12})?", re.ASCII)


def wait_asked_for(headers: Mapping[str, Any]) -> int | None:
    """Return the whole seconds that Retry-After asks for, given as seconds or as a date; None without any."""
    asked = _first(headers, "retry-after").strip()
    if _SECONDS.fullmatch(asked):
        return min(math.ceil(float(asked)), LONGEST_S)
    try:
        # Counted from the sender's own time of day: ours may be wrong, and whoever wrote one wrote the other.
        wait = parsedate_to_datetime(asked) - parsedate_to_datetime(_first(headers, "date"))
    except (ValueError, TypeError):
        return None
    return min(max(math.ceil(wait.total_seconds()), 0), LONGEST_S)


def _first(headers: Mapping[str, Any], wanted: str) -> str:
    for header, value in headers.items():
        if header.lower() == wanted:
            return str(value[0] if isinstance(value, list) and value else value)
    return ""
