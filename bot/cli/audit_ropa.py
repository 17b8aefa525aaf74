"""`countersign audit ropa`: the record of processing activities, from the settings as they are."""

from __future__ import annotations

import argparse

from bot.cli.console import print_json
from bot.cli.loading import database_settings
from bot.cli.organisation import organisation_here
from bot.settings import Settings
from policy.organisation import Organisation
from policy.retention import ANSWER, DEFAULT_RETENTION, PULSE, days_for
from storage.database import Database

PURPOSES = (
    "Summarising a donor's record for the staff member who asks",
    "Proposing the next step in a donor relationship to the person who decides",
    "Writing what was decided to the CRM, and undoing it",
    "Proving afterwards who decided what, on which facts and by which rules",
    "Asking staff once a month how far they trust the suggestions, shown as sums of five people or more",
    "Letting staff who ask for it practise on made-up decisions; results are shown to that person alone",
)
DATA_SUBJECTS = ("Donors and members of their households", "Staff who ask, decide or change rules")
CATEGORIES = (
    "Contact and relationship data, giving history, consents and preferences, as the CRM holds them",
    "Texts written about donors, proposals, decisions with reasons, and their effects",
    "Slack user ids, names and e-mail addresses of staff, and what they did when",
    "Answers of staff to the monthly question (1 to 5), by Slack user id, which no report tells apart",
)
MEASURES = (
    "Audit payloads are encrypted (AES-256-GCM) with a key per donor, wrapped by a master key",
    "The audit log is sealed (hash chain, Merkle tree) and signed (Ed25519); checkpoints are kept elsewhere",
    "Models see listed fields only, pseudonymised; logs, metrics, addresses and buttons hold no donor data",
    "Erasure: countersign audit erase; access: countersign audit access; holds: countersign audit hold",
)


async def run(options: argparse.Namespace, database: Database) -> int:
    """Print it as Markdown, or as JSON."""
    organisation, settings = organisation_here(), database_settings(options.database)
    holds = await database.read(lambda tx: tx.holds.all())
    record = _record(organisation, settings) | {"Legal holds": [f"{len(holds)} donors"]}
    if options.json:
        print_json(record)
        return 0
    print("# Record of processing activities\n")
    for title, lines in record.items():
        print(f"## {title}\n")
        print("".join(f"- {line}\n" for line in lines))
    return 0


def _record(organisation: Organisation | None, settings: Settings) -> dict[str, list[str]]:
    rules = organisation.retention if organisation else DEFAULT_RETENTION
    return {
        "Controller": [organisation.name if organisation else "not named: set COUNTERSIGN_ORGANISATION_FILE"],
        "Purposes": list(PURPOSES),
        "Data subjects": list(DATA_SUBJECTS),
        "Categories of data": list(CATEGORIES),
        "Recipients": _recipients(settings),
        "Automated decisions": [
            "None with legal or similar effect: a named person approves, and can decline or undo everything"
        ],
        "Time of retention": [
            *(f"{', '.join(rule.kinds)}: {rule.days} days" for rule in rules),
            f"What somebody was answered, such as a summary ({ANSWER}): {_days(days_for(ANSWER, rules))}",
            f"Answers to the monthly question ({PULSE}): {_days(days_for(PULSE, rules))}",
        ],
        "Technical and organisational measures": list(MEASURES),
    }


def _days(days: int | None) -> str:
    return "for ever" if days is None else f"{days} days"


def _recipients(settings: Settings) -> list[str]:
    ai = settings.ai
    model = "No language model is used"
    if ai.is_configured:
        where = ai.base_url or "the provider's standard address"
        model = f"Language model {ai.model} in region {ai.region} at {where}"
        if ai.eu_base_url:
            model += f"; for donors bound to the EU at {ai.eu_base_url}"
    return [
        "Slack, the organisation's own workspace, at the members of staff who ask or decide",
        "The organisation's CRM, which stays the system of record",
        model,
    ]
