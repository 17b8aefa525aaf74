"""Sign what the audit log holds by now, and have it kept where the database's owner cannot reach it."""

from __future__ import annotations

import logging

from handlers.answers.answering import post
from handlers.commands import CheckpointDue
from handlers.context import Arrived, Context, Write
from handlers.effects import KeepCheckpoint
from handlers.enqueueing import WHEN_QUIET, enqueue
from handlers.outcomes import CheckpointShown, Notice
from handlers.ports import Unavailable
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from storage.checkpoints import Checkpoint, InconsistentLogError
from storage.transaction import Transaction

log = logging.getLogger(__name__)

ALARM = Notice(
    text="The audit log no longer continues what was signed before, so no checkpoint was signed.",
    next_step="The database may have been changed. Run `countersign audit verify` and keep what is there.",
)


async def sign_checkpoint(command: CheckpointDue, arrived: Arrived, context: Context) -> Write:
    """Sign, and send the checkpoint on its way: to files each time, to Slack once a day."""

    def write(tx: Transaction) -> None:
        try:
            signed = tx.checkpoints.sign(arrived.now)
        except InconsistentLogError as inconsistent:
            _alarm(tx, arrived, context, inconsistent)
            return
        if signed is not None:
            _publish(tx, arrived, context, signed, for_everybody=command.for_everybody)

    return write


def _publish(
    tx: Transaction, arrived: Arrived, context: Context, signed: Checkpoint, *, for_everybody: bool
) -> None:
    write_down(
        tx,
        arrived,
        "checkpoint.signed",
        subject=None,
        size=signed.size,
        root=signed.root.hex(),
        note=signed.note,
    )
    effect = KeepCheckpoint(size=signed.size)
    enqueue(
        tx, effect, key=f"checkpoint:{signed.size}", order="checkpoints", arrived=arrived, priority=WHEN_QUIET
    )
    channel = context.organisation.checkpoint_channel or context.organisation.operations_channel
    if channel and for_everybody:
        post(tx, arrived, CheckpointShown(size=signed.size, note=signed.note), channel, by=SYSTEM)


def _alarm(tx: Transaction, arrived: Arrived, context: Context, found: InconsistentLogError) -> None:
    log.error("audit log differs from its last checkpoint", extra={"size": found.size})
    write_down(tx, arrived, "checkpoint.refused", subject=None, last_size=found.size)
    organisation = context.organisation
    channel = (
        organisation.checkpoint_channel or organisation.operations_channel or organisation.review_channel
    )
    post(tx, arrived, ALARM.model_copy(update={"reference": arrived.reference}), channel, by=SYSTEM)


async def keep_checkpoint(effect: KeepCheckpoint, arrived: Arrived, context: Context) -> Write:
    """Write the checkpoint to every place outside of the database; a place that fails is tried again."""
    if context.checkpoint_store is None:
        return lambda _tx: None
    signed, keys = await context.database.read(
        lambda tx: (tx.checkpoints.get(effect.size), tx.checkpoints.signing_keys())
    )
    if signed is None:
        return lambda _tx: None
    vkeys = "".join(f"{each.key}\n" for each in keys)
    failed = await context.checkpoint_store.keep(signed.size, signed.note, vkeys)
    if failed:
        raise Unavailable("checkpoints", "place_not_writable")
    return lambda tx: write_down(tx, arrived, "checkpoint.kept", subject=None, size=effect.size)
