"""How fast the rules decide, beside the same rules elsewhere in the same run, with equal answers.

The answers of all are compared first. Speeds are per second of processor time on one core; on a shared
machine the ratios mean more than the figures.
"""

from __future__ import annotations

import asyncio
import importlib.util
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from handlers.rules.rehearse_policy import backtest_report
from policy.backtest import backtest
from policy.backtest_report import BacktestReport
from policy.cases import parse_cases
from policy.decide import CompiledPolicy, compile_policy, decide, judge
from policy.decision import Outcome
from policy.decision_facts import DecisionFacts
from policy.fact_row import row_form, row_of
from policy.language import parse_policy
from policy.policy_model import Policy
from policy.recorded import Replayable, excerpt_of
from storage.appending import AuditEntry, Excerpt
from storage.database import Database
from storage.keys import KeyRing
from storage.migrate import upgrade
from storage.sqlite import sqlite_engine
from storage.transaction import Transaction
from tests.bench.report import heading, line, verdict
from tests.bench.rule_engines import Matched, with_cedar, with_rule_engine
from tests.policy_rules.random_facts import random_facts

ROOT = Path(__file__).parents[2]
GATES = 25
SITUATIONS = 20_000
RECORDED = 100_000
TIMED = 2_000
ROUNDS = 5
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Compare the answers, then the speed of 25 gates and of all, then rehearse on 100,000 decisions."""
    policy = parse_policy((ROOT / "policy/default/policy.yaml").read_text(), "policy.yaml")
    base = parse_cases((ROOT / "policy/default/cases.yaml").read_text(), "cases.yaml").base
    pick = Random(20261124)
    situations = [random_facts(base, pick) for _ in range(SITUATIONS)]
    fewer = policy.model_copy(update={"guards": policy.guards[: GATES - len(policy.grants)]})
    _decisions(fewer, situations)
    _default(policy, situations)
    _rehearsal(policy, situations)


def _decisions(policy: Policy, situations: Sequence[DecisionFacts]) -> None:
    compiled = compile_policy(policy)
    engines: dict[str, Matched] = {
        "CEL": _matched(compiled),
        "plain Python": _plain(policy),
        "rule-engine": with_rule_engine(policy),
        "Cedar": with_cedar(policy),
    }
    heading(f"{len(policy.gates)} gates, all evaluated, {len(situations):,} random situations")
    wanted = [engines["plain Python"](facts) for facts in situations]
    for name, matched in engines.items():
        wrong = sum(matched(facts) != expected for facts, expected in zip(situations, wanted, strict=True))
        line(f"{name}: answers unlike plain Python's", f"{wrong:,} of {len(situations):,}", target="0")
    sample = situations[:TIMED]
    whole = per_second(lambda facts: decide(compiled, facts), sample)
    line(
        "complete decisions, record included",
        f"{whole:,.0f}/s",
        target="10,000/s",
        remark=verdict(reached=whole >= 10_000),
    )
    line("decisions without the record", f"{per_second(lambda facts: judge(compiled, facts), sample):,.0f}/s")
    bare = per_second(engines["CEL"], sample)
    for name, matched in engines.items():
        speed = per_second(matched, sample)
        line(f"{name}: gates alone", f"{speed:,.0f}/s", remark=f"{speed / bare:.2f} times CEL")


def _default(policy: Policy, situations: Sequence[DecisionFacts]) -> None:
    compiled = compile_policy(policy)
    heading(f"the default policy, {len(policy.gates)} gates")
    line("complete decisions", f"{per_second(lambda f: decide(compiled, f), situations[:TIMED]):,.0f}/s")


def _rehearsal(policy: Policy, situations: Sequence[DecisionFacts]) -> None:
    before = compile_policy(policy)
    guards = [
        guard.model_copy(update={"when": guard.when.replace("< 30", "< 45")}) for guard in policy.guards
    ]
    after = compile_policy(policy.model_copy(update={"guards": tuple(guards)}))
    heading(f"rehearsal of {RECORDED:,} recorded decisions, {len(policy.gates)} gates twice")
    decided = [(facts, decide(before, facts).outcome) for facts in situations[:5_000]]
    started, spent = perf_counter(), process_time()
    first = backtest(_recorded(decided), before, after)
    took, spent = perf_counter() - started, process_time() - spent
    line(
        "replayed",
        f"{first.replayed:,} in {took:.1f} s",
        target="15 s of processor",
        remark=f"{spent:.1f} s of processor, {verdict(reached=spent < 15)}",
    )
    line("looser, stricter", f"{first.loosened.decisions:,}, {first.tightened.decisions:,}")
    again = backtest(_recorded(decided), before, after)
    line("the same bytes again", str(first.model_dump_json() == again.model_dump_json()))
    with TemporaryDirectory() as folder:
        _from_the_database(f"sqlite:///{Path(folder) / 'recorded.db'}", decided, before, after)


def _from_the_database(
    url: str,
    decided: Sequence[tuple[DecisionFacts, Outcome]],
    before: CompiledPolicy,
    after: CompiledPolicy,
) -> None:
    """Rehearse on what the audit holds, encrypted per donor, as `countersign policy backtest` does."""
    keys = KeyRing(secrets.token_bytes(32))
    _record(url, keys, decided)
    heading(f"the same from the audit log, {RECORDED:,} encrypted payloads in SQLite")

    async def rehearse() -> BacktestReport:
        database = Database.open(url, keys=keys)
        try:
            return await backtest_report(database, before, after)
        finally:
            await database.close()

    started, spent = perf_counter(), process_time()
    report = asyncio.run(rehearse())
    took, spent = perf_counter() - started, process_time() - spent
    line(
        "read and replayed",
        f"{report.replayed:,} in {took:.1f} s",
        target="15 s of processor",
        remark=f"{spent:.1f} s of processor, {verdict(reached=spent < 15)}",
    )
    again = asyncio.run(rehearse())
    line("the same bytes again", str(report.model_dump_json() == again.model_dump_json()))


def _record(url: str, keys: KeyRing, decided: Sequence[tuple[DecisionFacts, Outcome]]) -> None:
    """Write the decisions as the service does, with an event and reasons of usual length beside them."""
    upgrade(url)
    engine = sqlite_engine(url, begin="BEGIN", query_only=False, connections=1)
    plain = [facts.model_dump(mode="json") for facts, _ in decided]
    rest = {"event": {"type": "donation.received"}, "donor_facts": "x" * 3_000}
    for start in range(0, RECORDED, 10_000):
        with engine.connect() as connection, connection.begin():
            tx = Transaction(connection, secrets.token_bytes, keys)
            for number in range(start, start + 10_000):
                which = number % len(decided)
                facts, outcome = decided[which]
                answer = {"decision": {"outcome": outcome.value}, "decision_facts": plain[which]}
                tx.audit.append(
                    AuditEntry(
                        id=f"01K{number:023d}",
                        at=BEGIN + timedelta(minutes=number),
                        kind="recommendation.decided",
                        correlation_id=f"01J{number:023d}",
                        subject=f"donor-{number % 9_000}",
                        actor="system",
                        payload=rest | answer,
                        excerpt=Excerpt(row_form(), excerpt_of(facts, outcome, f"staff-{number % 40}")),
                    )
                )
            tx.audit.flush()
    engine.dispose()


def _recorded(decided: Sequence[tuple[DecisionFacts, Outcome]]) -> Iterator[Replayable]:
    for number in range(RECORDED):
        facts, outcome = decided[number % len(decided)]
        yield Replayable(
            entry_id=f"{number:08d}",
            at=BEGIN + timedelta(minutes=number),
            donor_id=f"donor-{number % 9_000}",
            owner_id=f"staff-{number % 40}",
            became="executed",
            row=row_of(facts),
            outcome=outcome,
        )


def _matched(compiled: CompiledPolicy) -> Matched:
    return lambda facts: {gate.id for gate in judge(compiled, facts).gates} - {"no_grant"}


def _plain(policy: Policy) -> Matched:
    gates = {gate.id: oracle()[gate.id] for gate in policy.gates}
    return lambda facts: {name for name, gate in gates.items() if gate(facts)}


def oracle() -> dict[str, Callable[[DecisionFacts], bool]]:
    """Load the rules in plain Python from the tests."""
    spec = importlib.util.spec_from_file_location("oracle", ROOT / "tests/policy_rules/oracle.py")
    if spec is None or spec.loader is None:
        raise SystemExit("the plain rules are missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    gates: dict[str, Callable[[DecisionFacts], bool]] = module.GATES
    return gates


def per_second(work: Callable[[DecisionFacts], object], situations: Sequence[DecisionFacts]) -> float:
    """Return the best of several rounds, per second of processor time on one core."""
    best = 0.0
    for _ in range(ROUNDS):
        started = process_time()
        for facts in situations:
            work(facts)
        best = max(best, len(situations) / (process_time() - started))
    return best


if __name__ == "__main__":
    main()
