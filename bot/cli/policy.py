"""`countersign policy`: check a policy file, run its cases, or print the facts that rules may ask about."""

from __future__ import annotations

import argparse
from importlib.resources import files
from pathlib import Path

from bot.cli.running import complain
from policy.cases import CaseReport, CasesInvalidError, parse_cases, run_cases
from policy.language import PolicyInvalidError, parse_policy
from policy.policy_model import Policy
from policy.reference import render_reference


def run(options: argparse.Namespace) -> int:
    """Check, test or explain; exit code 1 when something is wrong."""
    if options.what == "facts":
        print(render_reference())
        return 0
    try:
        policy = _policy(options.file)
        if options.what == "check":
            gates = f"{len(policy.grants)} grants, {len(policy.guards)} guards"
            print(f"{policy.title}: {gates}, version {policy.version[:12]}. No faults.")
            return 0
        return _report(run_cases(policy, parse_cases(*_text(options.cases, "cases.yaml"))))
    except PolicyInvalidError as invalid:
        return complain("\n".join(str(fault) for fault in invalid.faults))
    except CasesInvalidError as invalid:
        return complain(str(invalid))
    except OSError as error:
        return complain(f"{error.filename}: {error.strerror}")


def _policy(path: str | None) -> Policy:
    return parse_policy(*_text(path, "policy.yaml"))


def _text(path: str | None, shipped: str) -> tuple[str, str]:
    if path is None:
        return (files("policy") / "default" / shipped).read_text(encoding="utf-8"), f"default {shipped}"
    return Path(path).read_text(encoding="utf-8"), path


def _report(report: CaseReport) -> int:
    for failure in report.failures:
        print(f"{failure.case}:")
        for difference in failure.differences:
            print(f"    {difference}")
    for gate in report.never_matched:
        print(f"{gate}: no case in which it matches")
    for gate in report.always_matched:
        print(f"{gate}: no case in which it does not match")
    untried = len(report.never_matched) + len(report.always_matched)
    print(f"{report.ran} cases ran, {len(report.failures)} failed, {untried} gates not tried both ways.")
    return 1 if report.failures or untried else 0
