from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policy.cases import Cases, parse_cases
from policy.decide import CompiledPolicy, compile_policy
from policy.decision_facts import DecisionFacts
from policy.fact_catalogue import facts_from_flat
from policy.language import parse_policy
from policy.policy_model import Policy

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def policy_text() -> str:
    return (ROOT / "policy/default/policy.yaml").read_text()


@pytest.fixture(scope="session")
def policy(policy_text: str) -> Policy:
    return parse_policy(policy_text, "policy.yaml")


@pytest.fixture(scope="session")
def compiled(policy: Policy) -> CompiledPolicy:
    return compile_policy(policy)


@pytest.fixture(scope="session")
def cases() -> Cases:
    return parse_cases((ROOT / "policy/default/cases.yaml").read_text(), "cases.yaml")


@pytest.fixture(scope="session")
def facts(cases: Cases) -> Callable[..., DecisionFacts]:
    """Build facts from the ordinary case, with some changed: `facts({"donor.deceased": True})`."""

    def build(changes: dict[str, Any] | None = None) -> DecisionFacts:
        return facts_from_flat({**cases.base, **(changes or {})})

    return build


@pytest.fixture(scope="session")
def oracle() -> dict[str, Callable[[DecisionFacts], bool]]:
    """The default policy once more, in plain Python."""
    spec = importlib.util.spec_from_file_location("policy_oracle", Path(__file__).parent / "oracle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.GATES
