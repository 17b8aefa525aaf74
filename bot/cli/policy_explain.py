"""`countersign policy explain`: why one decision came out as it did."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator

from bot.cli.audit_read import note_reading
from bot.cli.console import complain_all, print_json, say
from bot.cli.loading import policy_file
from bot.cli.opening import CannotOpen, opened
from bot.cli.policy_files import named_policy
from bot.policy_in_force import PolicyInForce
from handlers.record.recorded_decisions import SeveralDecisions, find_decision
from policy.decide import CompiledPolicy, compile_policy
from policy.explain import ExplainedGate, Explanation, explain
from policy.recorded import WHY_NOT_WORDS, NotReplayable, RecordedDecision

_STYLES = {"matched": "bold", "no answer": "red", "not matched": "dim"}


def run(options: argparse.Namespace) -> int:
    """Find the decision, ask its rules again, and print what each gate saw."""
    try:
        found, stored = asyncio.run(_find(options))
    except CannotOpen as problem:
        return complain_all([str(problem)])
    except SeveralDecisions as several:
        return complain_all(["That reference stands for several decisions; name one of:", *several.entry_ids])
    if found is None:
        return complain_all([f"No decision is recorded under {options.decision}."])
    if isinstance(found, NotReplayable):
        detail = f" ({found.detail})" if found.detail else ""
        return complain_all([f"This decision cannot be asked again: {WHY_NOT_WORDS[found.why]}{detail}."])
    explanation = _explained(found, stored, options)
    if options.json:
        print_json(
            {"entry_id": found.entry_id, "at": found.at.isoformat()} | explanation.model_dump(mode="json")
        )
    else:
        _print(found, explanation, everything=options.all)
    return 0


async def _find(
    options: argparse.Namespace,
) -> tuple[RecordedDecision | NotReplayable | None, CompiledPolicy | None]:
    """Return the decision and, when they are stored, the rules that it names."""
    async with opened(options.database) as database:
        found = await database.read(lambda tx: find_decision(tx, options.decision))
        if not isinstance(found, RecordedDecision):
            return found, None
        version = found.decision.policy_version
        entries = await database.read(lambda tx: [tx.audit.get(found.entry_id)])
        await note_reading(database, "explain", [each for each in entries if each])
        return found, await database.read(lambda tx: PolicyInForce().version(tx, version))


def _explained(
    found: RecordedDecision, stored: CompiledPolicy | None, options: argparse.Namespace
) -> Explanation:
    named = options.policy or (None if stored else policy_file())
    rules = stored if stored and not options.policy else compile_policy(named_policy(named))
    return explain(found.facts, found.decision, rules)


def _print(found: RecordedDecision, explanation: Explanation, *, everything: bool) -> None:
    say(explanation.paragraph)
    say("")
    say(f"Decided {found.at:%Y-%m-%d %H:%M:%S} UTC, audit entry {found.entry_id}", "dim")
    if not explanation.facts_intact:
        say("The recorded facts are not the ones the decision names: somebody changed the record.", "red")
    shown = explanation.gates if everything else (*explanation.matched, *explanation.near)
    for gate in shown:
        say("")
        for text in _gate(gate):
            say(text, _STYLES[gate.answered])


def _gate(gate: ExplainedGate) -> Iterator[str]:
    yield f"{gate.id} ({gate.kind.replace('_', ' ')}): {gate.answered}"
    yield f"    {gate.reason}"
    yield f"    Asked whether {gate.condition}" if gate.condition != "always" else "    Asked of everything"
    if gate.in_table is not None:
        yield f"    Covers this action at this stage: {'yes' if gate.in_table else 'no'}"
    yield from (f"      {seen.words}: {seen.value}" for seen in gate.seen)
    yield from (f"    {text}" for text in gate.near)
