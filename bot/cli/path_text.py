"""A decision's path as a terminal shows it: a line or two for each step, 80 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from handlers.outcomes import PathStep
from handlers.record.decision_path import gap

WIDTH = 80
_INDENT = 24


def path_lines(path: Sequence[PathStep]) -> Iterator[str]:
    """Yield the steps: when (UTC) and how long after the one before, which, what, and who."""
    day = None
    for step in path:
        if step.at.date() != day:
            day = step.at.date()
            yield f"  {day:%a} {day.day} {day:%b %Y}, UTC"
        after = gap(step.after_seconds)
        head = f"  {step.at:%H:%M:%S} {step.stage:<8}"
        text = f"{step.what} ({step.who})" if step.who else step.what
        lines = textwrap.wrap(text, WIDTH - _INDENT, max_lines=3, placeholder=" …") or [""]
        yield f"{head:<{_INDENT}}{lines[0]}"
        second = f"  {after}" if after else ""
        if len(lines) > 1 or second:
            rest = lines[1:] or [""]
            yield f"{second:<{_INDENT}}{rest[0]}".rstrip()
            yield from (" " * _INDENT + line for line in rest[1:])
