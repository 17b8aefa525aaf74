"""`countersign check-config`: settings, organisation file and policy, without starting anything."""

from __future__ import annotations

import argparse

from bot.cli.complaint import complain
from bot.cli.loading import load_settings
from bot.files import FileInvalid, read_organisation, read_policy
from policy.language import PolicyInvalidError


def run(_options: argparse.Namespace) -> int:
    """Print what is in force, or every fault."""
    settings = load_settings()
    if isinstance(settings, str):
        return complain(settings)
    try:
        organisation = read_organisation(settings.organisation_file) if settings.organisation_file else None
        policy = read_policy(settings.policy_file)
    except (FileInvalid, PolicyInvalidError) as problem:
        return complain(str(problem))
    name = organisation.name if organisation else "none"
    transport = "Socket Mode" if settings.slack.uses_socket else "HTTP"
    gates = f"{len(policy.policy.grants)} grants, {len(policy.policy.guards)} guards"
    model = settings.ai.model if settings.ai.is_configured else "none: summaries from facts alone"
    print(f"Settings      ok, Slack over {transport}")
    print(f"Organisation  {name}")
    print(f"Policy        version {policy.version[:12]}, {gates}")
    print(f"Model         {model}")
    return 0
