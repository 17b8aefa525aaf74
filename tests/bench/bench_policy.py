"""How fast the rules decide, beside the same rules in plain Python in the same run.

Run with `python tests/bench/bench_policy.py`. Only the ratios mean something on a shared machine.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from policy.cases import case_facts, parse_cases  # noqa: E402 - runs without an installation
from policy.decide import compile_policy, decide  # noqa: E402
from policy.decision_facts import DecisionFacts  # noqa: E402
from policy.language import parse_policy  # noqa: E402

ROUNDS = 10


def oracle() -> dict[str, Callable[[DecisionFacts], bool]]:
    """Load the rules in plain Python from the tests."""
    spec = importlib.util.spec_from_file_location("oracle", ROOT / "tests/policy_rules/oracle.py")
    if spec is None or spec.loader is None:
        raise SystemExit("the plain rules are missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    gates: dict[str, Callable[[DecisionFacts], bool]] = module.GATES
    return gates


def per_second(work: Callable[[DecisionFacts], object], situations: list[DecisionFacts]) -> float:
    """Return the best of several rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        started = perf_counter()
        for facts in situations:
            work(facts)
        best = max(best, len(situations) / (perf_counter() - started))
    return best


def main() -> None:
    """Measure the whole default policy and its first 25 gates."""
    started = perf_counter()
    policy = parse_policy((ROOT / "policy/default/policy.yaml").read_text(), "policy.yaml")
    read = perf_counter() - started
    cases = parse_cases((ROOT / "policy/default/cases.yaml").read_text(), "cases.yaml")
    situations = [case_facts(cases, case) for case in cases.cases]
    lambdas = oracle()
    print(f"read and check the policy: {read * 1000:.0f} ms; {len(situations)} situations")
    for count in (25, len(policy.gates)):
        fewer = policy.model_copy(update={"guards": policy.guards[: count - len(policy.grants)]})
        compiled = compile_policy(fewer)
        plain = [lambdas[gate.id] for gate in fewer.gates]
        rules = per_second(lambda facts, compiled=compiled: decide(compiled, facts), situations)  # type: ignore[misc]
        bare = per_second(lambda facts, plain=plain: [gate(facts) for gate in plain], situations)  # type: ignore[misc]
        print(
            f"{count} gates: {rules:,.0f} complete decisions/s; plain Python gates alone {bare:,.0f}/s;"
            f" ratio 1:{bare / rules:.1f}"
        )


if __name__ == "__main__":
    main()
