"""Show how far an import is, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

ImportProgress = Callable[[str, int, int], None]
"""Called with a file's name, the characters read of it so far and how many there are, about."""


def silent(_file: str, _done: int, _total: int) -> None:
    """No progress shown."""


@contextmanager
def terminal_progress(console: Console) -> Iterator[ImportProgress]:
    """A progress bar per file on *console*, or nothing where it is not a terminal."""
    if not console.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def show(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
            bars.update(tasks[file], completed=done, total=max(total, done))

        yield show
