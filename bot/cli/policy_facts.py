"""`countersign policy facts`: everything a rule may ask about."""

from __future__ import annotations

import argparse

from bot.cli.console import print_json
from policy.fact_catalogue import catalogue, schema_hash
from policy.reference import render_reference


def run(options: argparse.Namespace) -> int:
    """Print the reference."""
    if options.json:
        print_json({"schema": schema_hash(), "facts": [_plain(fact) for fact in catalogue().values()]})
    else:
        print(render_reference())
    return 0


def _plain(fact: object) -> dict[str, object]:
    return {
        name: getattr(fact, name) for name in ("name", "kind", "description", "values", "minimum", "maximum")
    }
