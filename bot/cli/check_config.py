"""`countersign check-config`: settings, organisation file and policy, without starting anything."""

from __future__ import annotations

import argparse
import os

from bot.cli.complaint import complain
from bot.cli.loading import load_settings, unknown_variables
from bot.files import FileInvalid, read_organisation, read_policy
from bot.master_key import MasterKeyProblem, key_at_hand
from policy.language import PolicyInvalidError


def run(_options: argparse.Namespace) -> int:
    """Print what is in force, or every fault."""
    settings = load_settings()
    if isinstance(settings, str):
        return complain(settings)
    try:
        organisation = read_organisation(settings.organisation_file) if settings.organisation_file else None
        policy = read_policy(settings.policy_file)
        key_at_hand(settings)
    except (FileInvalid, PolicyInvalidError, MasterKeyProblem) as problem:
        return complain(str(problem))
    name = organisation.name if organisation else "none"
    transport = "Socket Mode" if settings.slack.uses_socket else "HTTP"
    gates = f"{len(policy.policy.grants)} grants, {len(policy.policy.guards)} guards"
    model = settings.ai.model if settings.ai.is_configured else "none: summaries from facts alone"
    print(f"Settings      ok, Slack over {transport}")
    print(f"Organisation  {name}")
    print(f"Policy        version {policy.version[:12]}, {gates}")
    print(f"Model         {model}")
    for name in unknown_variables(os.environ):
        print(f"Unknown       {name} is set, and there is no such setting")
    return 0
