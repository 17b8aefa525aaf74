"""`countersign audit export` and `access`: a zip that proves itself; that it was made is written down."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.checkpoint_files import keep_elsewhere
from bot.cli.complaint import complain
from bot.cli.console import print_json, say
from bot.cli.loading import database_settings
from bot.cli.operator import NotAllowed, arrival, operator
from bot.cli.organisation import organisation_here
from bot.cli.period import NotADay, period
from bot.export.archive import Export, ExportImpossible, Order, write_export
from bot.export.contents import Scope
from handlers.context import Arrived
from handlers.record.evidence import record as write_down
from policy.decision import Role
from storage.checkpoints import Checkpoint, InconsistentLogError
from storage.database import Database
from storage.transaction import Transaction

MAY_EXPORT = {Role.ADMIN.value, Role.COMPLIANCE.value}
DIFFERS = "The log does not continue what was signed before. Run countersign audit verify first."
NOT_KEPT = (
    "The checkpoint it was signed with could not be written to {places}; countersign audit checkpoint writes "
    "the next one."
)
OWN_DATA_OF_WHOM = "Say whose data: --donor DONOR."


async def run(options: argparse.Namespace, database: Database) -> int:
    """Sign what there is, write the zip, and write down who got what."""
    organisation, arrived, out = organisation_here(), arrival(), Path(options.out)
    who = operator(options.by, organisation)
    if not who.roles & MAY_EXPORT:
        raise NotAllowed(f"{options.by} is neither admin nor compliance in the organisation file.")
    if options.role == "donor" and not options.donor:
        return complain(OWN_DATA_OF_WHOM)
    try:
        scope = Scope(options.donor, *period(options))
        zone = organisation.time_zone if organisation else "UTC"
        order = Order(scope, options.role, options.by, arrived.now, zone)
        signed = await database.write(lambda tx: _sign(tx, arrived))
        failed = await keep_elsewhere(database, database_settings(options.database), signed) if signed else ()
        made = await database.read(lambda tx: write_export(tx, out, order))
    except (NotADay, ExportImpossible) as problem:
        return complain(str(problem))
    except InconsistentLogError:
        return complain(DIFFERS)
    except FileExistsError:
        return complain(f"{out} is there already; an export is never written over another.")
    except OSError as error:
        return complain(f"{out} cannot be written ({error.strerror}).")
    try:
        await database.write(lambda tx: _write_down(tx, arrived, order, made, who.actor))
    except BaseException:
        out.unlink()  # noqa: ASYNC240 - nothing else waits for this command
        raise
    _tell(options, out, made)
    if failed:
        complain(NOT_KEPT.format(places=", ".join(failed)))
    return 0


def _sign(tx: Transaction, arrived: Arrived) -> Checkpoint | None:
    while tx.audit.seal(1000):
        pass
    return tx.checkpoints.sign(arrived.now)


def _write_down(tx: Transaction, arrived: Arrived, order: Order, made: Export, actor: str) -> None:
    scope = order.scope
    write_down(
        tx,
        arrived,
        "export.made",
        subject=scope.donor_id,
        actor=actor,
        name=order.by,
        audience=order.audience,
        start=scope.start.isoformat() if scope.start else None,
        end=scope.end.isoformat() if scope.end else None,
        entries=made.entries,
        log_size=made.size,
        sha256=made.sha256,
    )


def _tell(options: argparse.Namespace, out: Path, made: Export) -> None:
    if options.json:
        print_json({"file": str(out), "entries": made.entries, "log_size": made.size, "sha256": made.sha256})
    else:
        say(f"{made.entries} of {made.size} entries are in {out}. To check it: python verify.py {out.name}")
        say(f"SHA-256 {made.sha256}")
