"""The reference of the facts, rendered from the model that defines them, so that it cannot go stale."""

from __future__ import annotations

from policy.decision import Role
from policy.decision_facts import DecisionFacts
from policy.fact_catalogue import Fact, catalogue

_KINDS = {
    "bool": "yes or no",
    "int": "whole number",
    "string": "text",
    "timestamp": "moment",
    "list": "list of texts",
}


def render_reference() -> str:
    """Return the reference of all facts as Markdown, grouped as in the model."""
    parts = [_introduction()]
    for group, info in DecisionFacts.model_fields.items():
        purpose = (getattr(info.annotation, "__doc__", "") or "").strip()
        facts = [fact for fact in catalogue().values() if fact.name.startswith(f"{group}.")]
        rows = [_row(fact) for fact in facts if fact.presence_of is None]
        header = "| fact | holds | meaning |\n|---|---|---|"
        parts.append("\n".join([f"## {group}", "", purpose, "", header, *rows]))
    return "\n\n".join(parts) + "\n"


def _introduction() -> str:
    roles = ", ".join(role.value for role in Role)
    return (
        "# Facts a policy can ask about\n\n"
        "A condition (`when:`) is one yes-or-no question in CEL over these facts. A fact that may be unknown "
        "has a companion, written `has_` before its name, that has to be asked first:\n\n"
        "    cadence.has_days_since_ask && cadence.days_since_ask < 30\n\n"
        "Amounts are whole numbers of minor units (cents). Conditions read no clock: `cal.now` is the moment "
        f"of the decision. Roles that can approve: {roles}."
    )


def _row(fact: Fact) -> str:
    name = f"`{fact.name}`"
    if fact.presence:
        name += f"<br>ask `{fact.presence}` first"
    return f"| {name} | {_holds(fact)} | {fact.description} |"


def _holds(fact: Fact) -> str:
    if fact.values:
        return ", ".join(f"`{value}`" for value in fact.values)
    if fact.kind == "int" and fact.maximum is not None and fact.maximum <= 100:
        return f"{fact.minimum} to {fact.maximum}"
    return _KINDS[fact.kind]
