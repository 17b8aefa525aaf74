"""`countersign policy`: working with the rules on the command line; each way has a module of its own."""

from __future__ import annotations

import argparse
from importlib import import_module

from bot.cli.console import complain_all
from bot.cli.policy_files import FileUnreadable
from policy.cases import CasesInvalidError
from policy.language import PolicyInvalidError


def run(options: argparse.Namespace) -> int:
    """Do what was asked for; exit code 1 when something is wrong."""
    try:
        code: int = import_module(options.way).run(options)
    except (PolicyInvalidError, CasesInvalidError) as invalid:
        return complain_all(str(fault) for fault in invalid.faults)
    except FileUnreadable as problem:
        return complain_all([str(problem)])
    return code
