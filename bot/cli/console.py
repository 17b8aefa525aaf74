"""What a command prints: colours and progress on a terminal only, plain text everywhere else."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")

PLAIN_WIDTH = 160


def console(*, errors: bool = False) -> Console:
    """Return a console on standard output or error; NO_COLOR is respected, and a pipe gets plain text."""
    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() else PLAIN_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def say(text: str, style: str = "") -> None:
    """Print a line as it is, coloured on a terminal."""
    console().print(text, style=style or None, soft_wrap=True)


def complain_all(lines: Iterable[str]) -> int:
    """Print what is wrong, a line each, on standard error; return the exit code for it."""
    out = console(errors=True)
    for line in lines:
        out.print(line, style="red", soft_wrap=True)
    return 1


def print_json(data: Any) -> None:
    """Print data as JSON, the same way every time."""
    print(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False))


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """Show a progress bar on standard error while a terminal watches; elsewhere nothing is printed."""
    out = console(errors=True)
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=out,
        transient=True,
        disable=not out.is_terminal,
    )
    with bar:
        yield bar


def watched(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yield *items* with a progress bar beside them."""
    with progress(what) as bar:
        yield from bar.track(items, total=total, description=what)
