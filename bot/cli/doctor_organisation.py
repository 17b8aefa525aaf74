"""What `countersign doctor` looks at of the organisation file: can it be read, and what does it leave out?"""

from __future__ import annotations

from pathlib import Path

from bot.cli.finding import Finding, bad, good, warning
from bot.cli.opening import CannotOpen, opened
from bot.files import FileInvalid, read_organisation
from bot.settings import Settings
from policy.decision_facts import facts_decided_on
from policy.escalation import EscalationState
from policy.organisation import Organisation
from storage.transaction import Transaction

LATELY = 500
"""So many of the latest decisions are looked through."""
NO_THRESHOLD = (
    "{codes}: nobody said from which sum on a gift is major, so every sum counts as major, and managers "
    "hear of it. In the organisation file, in minor units (cents): major_gift_minor_in: {{ {example} }}"
)


def organisation_file(settings: Settings) -> tuple[Organisation | None, Finding]:
    """Read the organisation file."""
    try:
        organisation = read_organisation(settings.organisation_file or Path("organisation.yaml"))
    except FileInvalid as invalid:
        return None, bad("Organisation", str(invalid))
    return organisation, good("Organisation", organisation.name)


async def currencies(settings: Settings, organisation: Organisation | None) -> list[Finding]:
    """Name the currencies of the latest decisions that have no threshold for major gifts."""
    if organisation is None:
        return []
    try:
        async with opened(settings.database_url) as database:
            seen = await database.read(_currencies)
    except CannotOpen:  # the database has its own line
        return []
    unknown = sorted(seen - {each.currency for each in organisation.major_gift_thresholds})
    if not unknown:
        return [good("Currencies", "each has a threshold for major gifts")]
    example = ", ".join(f"{code}: {organisation.major_gift_minor}" for code in unknown)
    return [warning("Currencies", NO_THRESHOLD.format(codes=", ".join(unknown), example=example))]


def _currencies(tx: Transaction) -> set[str]:
    latest = tx.escalations.newest(tuple(EscalationState), limit=LATELY)
    return {facts_decided_on(each.decision_facts).action.currency for each in latest} - {""}
