"""`countersign policy check`: every fault of a policy at once."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from bot.cli.console import print_json, say
from bot.cli.policy_files import policy_text
from policy.language import PolicyInvalidError, idle_rules, parse_policy
from policy.policy_model import Policy


def run(options: argparse.Namespace) -> int:
    """Print the version of a valid policy, or every fault."""
    text, name = policy_text(options.file)
    try:
        policy = _without_faults(text, name)
    except PolicyInvalidError as invalid:
        if not options.json:
            raise
        print_json({"ok": False, "faults": [asdict(fault) for fault in invalid.faults]})
        return 1
    counts = {"grants": len(policy.grants), "guards": len(policy.guards)}
    if options.json:
        print_json({"ok": True, "title": policy.title, "version": policy.version, "faults": []} | counts)
    else:
        say(
            f"{policy.title}: {counts['grants']} grants, {counts['guards']} guards, "
            f"version {policy.version[:12]}. No faults.",
            "green",
        )
    return 0


def _without_faults(text: str, name: str) -> Policy:
    """Return the policy; raises PolicyInvalidError, also for rules that can never matter."""
    policy, idle = parse_policy(text, name), idle_rules(text, name)
    if idle:
        raise PolicyInvalidError(idle)
    return policy
