"""What is settled when the service starts, before anybody is served: erasures, rules and the settings."""

from __future__ import annotations

import logging
from pathlib import Path

from bot.belonging import claim_database
from bot.configuration_record import record_configuration
from bot.files import FileInvalid, policy_source
from bot.policy_in_force import NO_VERSION, first_fault
from bot.restored import erase_restored_at_start
from bot.settings import Settings
from handlers.context import Arrived, Context
from handlers.rules.first_policy import AtStart, establish, report_faulty, report_unreadable
from policy.closed import nothing_allowed
from policy.decide import compile_policy
from policy.language import PolicyInvalidError, parse_policy
from storage.errors import ConstraintError
from storage.transaction import Transaction

log = logging.getLogger(__name__)


async def settle(settings: Settings, context: Context) -> None:
    """See whose database it is, erase again whom a back-up brought back, settle rules, write down settings.

    Raises AnotherOrganisation.
    """
    await claim_database(context)
    await erase_restored_at_start(settings, context.database, at_start(context))
    await settle_policy(context, settings.policy_file)
    await record_configuration(settings, context, at_start(context))


async def settle_policy(context: Context, file: Path | None) -> None:
    """Record the first policy, or say that the one in *file* differs from the one in force.

    A faulty file is refused whole: the rules in force stay, and operations hear of it. Without any rules in
    force it raises PolicyInvalidError or FileInvalid, and nothing starts.
    """
    arrived, organisation = at_start(context), context.organisation
    try:
        source, name = policy_source(file)
        compiled = compile_policy(parse_policy(source, name))
    except (PolicyInvalidError, FileInvalid) as faulty:
        if not await context.database.read(lambda tx: tx.policies.version_in_force()):
            raise
        log.error("the policy in the settings is faulty; the rules in force stay")  # noqa: TRY400 - in words
        told = str(faulty).splitlines()
        await context.database.write(lambda tx: report_faulty(tx, arrived, str(file), told, organisation))
        return
    named = str(file) if file else None

    def write(tx: Transaction) -> AtStart:
        settled = establish(tx, arrived, compiled, source, named, organisation)
        if context.rules.current(tx).version == nothing_allowed().version:
            version = tx.policies.version_in_force() or NO_VERSION
            report_unreadable(tx, arrived, version, first_fault(tx, version), organisation)
        return settled

    try:
        settled = await context.database.write(write)
    except ConstraintError:  # another process, started in the same moment, was first: see what it settled
        settled = await context.database.write(write)
    if settled is AtStart.ONLY_PROPOSED:
        extra = {"version": compiled.version[:12]}
        log.warning("the policy in the settings is not the one in force", extra=extra)


def at_start(context: Context) -> Arrived:
    """Return the start of the service as the handlers know what arrives."""
    return Arrived(
        item_id=context.ids.new(),
        correlation_id=context.ids.new(),
        attempts=1,
        first_attempt_at=None,
        now=context.clock.now(),
        ids=context.ids,
    )
