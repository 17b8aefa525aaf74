"""`countersign policy matrix`: what may happen at each stage and who has to agree, for everybody."""

from __future__ import annotations

import argparse

from rich.table import Table
from rich.text import Text

from bot.cli.console import console, print_json
from bot.cli.policy_files import named_policy
from policy.action_words import CAPABILITY_WORDS
from policy.decide import compile_policy
from policy.decision import Outcome
from policy.matrix import Cell, Matrix, lifecycle_matrix
from policy.matrix_text import (
    cell_words,
    legend,
    matrix_lines,
    notes,
    render_markdown,
)

_STYLES = {Outcome.ALLOW: "green", Outcome.REQUIRE_APPROVAL: "yellow", Outcome.DENY: "red"}


def run(options: argparse.Namespace) -> int:
    """Print the matrix as a table, as Markdown or as JSON."""
    matrix = lifecycle_matrix(compile_policy(named_policy(options.file)), options.phase)
    if options.json:
        print_json(matrix.model_dump(mode="json"))
    elif options.markdown:
        print(render_markdown(matrix), end="")
    else:
        _print(matrix)
    return 0


def _print(matrix: Matrix) -> None:
    out = console()
    table = Table(title=f"{matrix.title}, rollout phase {matrix.phase}", show_lines=True)
    for name in ("Action", "Stage", *CAPABILITY_WORDS.values()):
        table.add_column(name)
    for line in matrix_lines(matrix):
        table.add_row(line.what, line.where, *map(_coloured, line.cells))
    out.print(table)
    out.print()
    for text in (*legend(matrix), "", "When the answer is stricter:", *notes(matrix)):
        out.print(text)


def _coloured(cell: Cell) -> Text:
    return Text(cell_words(cell), style=_STYLES[cell.usual.outcome])
