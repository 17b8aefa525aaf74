"""`countersign policy test`: the cases of a policy, and whether they would notice a mistake in it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from bot.cli.console import print_json, say, watched
from bot.cli.policy_files import cases_text, named_policy
from policy.cases import CaseReport, Cases, parse_cases, run_cases
from policy.mutation import MutationReport, check_mutations, mutants
from policy.policy_model import Policy


def run(options: argparse.Namespace) -> int:
    """Run the cases; when they hold, make small mistakes on purpose and see whether a case notices each."""
    policy = named_policy(options.file)
    cases = parse_cases(*cases_text(options.cases, options.file))
    report = run_cases(policy, cases)
    mutations = None if options.no_mutations or report.failures else _mutations(policy, cases)
    if options.json:
        print_json(_plain(report, mutations))
    else:
        _print(report, mutations)
    return 0 if report.ok and not (mutations and mutations.survivors) else 1


def _mutations(policy: Policy, cases: Cases) -> MutationReport:
    made = list(mutants(policy))
    return check_mutations(policy, cases, watched(made, "mistakes tried", len(made)))


def _plain(report: CaseReport, mutations: MutationReport | None) -> dict[str, object]:
    plain: dict[str, object] = {
        "ok": report.ok and not (mutations and mutations.survivors),
        "ran": report.ran,
        "failures": [{"case": each.case, "differences": list(each.differences)} for each in report.failures],
        "never_matched": list(report.never_matched),
        "always_matched": list(report.always_matched),
    }
    if mutations:
        plain["mutations"] = {
            "tried": mutations.tried,
            "equivalent": mutations.equivalent,
            "survivors": [
                {"gate": each.gate, "before": each.before, "after": each.after}
                for each in mutations.survivors
            ],
        }
    return plain


def _print(report: CaseReport, mutations: MutationReport | None) -> None:
    for text in _problems(report):
        say(text, "red")
    for each in mutations.survivors if mutations else ():
        say(f"{each.gate}: no case notices when", "red")
        say(f"    {each.before}\n    becomes\n    {each.after}")
    untried = len(report.never_matched) + len(report.always_matched)
    style = "green" if report.ok else "red"
    say(f"{report.ran} cases ran, {len(report.failures)} failed, {untried} gates not tried both ways.", style)
    if mutations:
        say(_mutation_words(mutations), "red" if mutations.survivors else "green")
    elif report.failures:
        say("No mistakes were tried, because the cases do not hold.")


def _problems(report: CaseReport) -> Iterator[str]:
    for failure in report.failures:
        yield f"{failure.case}:"
        yield from (f"    {difference}" for difference in failure.differences)
    yield from (f"{gate}: no case in which it matches" for gate in report.never_matched)
    yield from (f"{gate}: no case in which it does not match" for gate in report.always_matched)


def _mutation_words(mutations: MutationReport) -> str:
    noticed = mutations.tried - mutations.equivalent - len(mutations.survivors)
    return (
        f"{mutations.tried} small mistakes tried: {noticed} noticed, {len(mutations.survivors)} not noticed, "
        f"{mutations.equivalent} change nothing."
    )
