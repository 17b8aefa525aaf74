"""Declare that a back-up was restored: which entries were lost with it, on whose word, and why.

Without a declaration a log that is shorter than its checkpoints is a log that somebody cut off.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.answers.answering import post
from handlers.context import Arrived
from handlers.effects import RefreshCards
from handlers.enqueueing import WHEN_QUIET, enqueue
from handlers.outcomes import Notice
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.rules.pausing import LATEST_CHANGE
from policy.organisation import Organisation
from storage.checkpoints import Checkpoint
from storage.database import Database
from storage.merkle import KnownRoot
from storage.transaction import Transaction
from storage.verification import AuditReport

LOST = "Entries {first} to {last} of the audit log were lost in a restore."
OR_FEWER = (
    "Entries {first} to {last} of the audit log were lost in a restore, or fewer: the service had gone on "
    "before it was noticed, and no checkpoint tells where among them the back-up ended."
)
GONE = (
    "What they recorded is gone. The checkpoints that prove they existed stay where they are kept; never "
    "delete those."
)
NOTHING_LOST = "The log agrees with every checkpoint there is: nothing was lost, nothing to declare."
NO_RESTORE = (
    "This is not what a restored back-up looks like: {what}. No declaration can explain that. Run: "
    "countersign audit verify"
)
OWN_DIFFER = "a checkpoint or the tree inside the database does not fit its entries"
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Loss:
    """Of the log as it was, *kept* entries are here; *lost* are the checkpoints that it no longer reaches.

    *vouched* is how many entries the largest checkpoint speaks of that still agrees. A log that went on after
    the restore until a lost checkpoint was passed is only known to be as it was as far as that: then the loss
    is not *exact*, and some of what counts as lost may be here.
    """

    kept: int
    vouched: int
    lost: tuple[KnownRoot, ...]
    exact: bool = True

    @property
    def newest(self) -> KnownRoot:
        """The checkpoint that reaches furthest."""
        return self.lost[-1]

    @property
    def sentence(self) -> str:
        """Which entries were lost, in words."""
        sentence = LOST if self.exact else OR_FEWER
        return sentence.format(first=self.kept + 1, last=self.newest.size)


@dataclass(frozen=True, slots=True)
class Declaration:
    """Who declares it, why, and the note of the newest checkpoint that the log no longer reaches."""

    actor: str
    by: str
    reason: str
    newest_note: str


@dataclass(frozen=True, slots=True)
class NotARestore:
    """Why nothing can be declared, in a sentence."""

    why: str


async def find_loss(database: Database, outside: Collection[KnownRoot]) -> Loss | NotARestore:
    """Compare the log with the checkpoints kept *outside* of it, as a known key signed them.

    A change of entries is no loss: everything that is here must still be what was sealed, and agree with
    every checkpoint over no more than what was kept.
    """
    await database.write(_seal)
    found = await database.read(lambda tx: tx.audit.verify(roots=tuple(outside)))
    declared = {root for restore in found.restores for root in restore.lost}
    own, faults = await database.read(lambda tx: (tx.checkpoints.all(), tx.checkpoints.faults()))
    if faults:
        return NotARestore(NO_RESTORE.format(what=OWN_DIFFER))
    if found.ok:
        return NotARestore(NOTHING_LOST)
    loss = await database.read(lambda tx: _compared(tx, set(outside) - declared))
    if loss is None:
        return NotARestore(NO_RESTORE.format(what=_fault(found)))
    agreeing = {*outside, *(KnownRoot(each.size, each.root) for each in own)} - set(loss.lost)
    besides = await database.read(lambda tx: tx.audit.verify(roots=tuple(agreeing)))
    return loss if besides.ok else NotARestore(NO_RESTORE.format(what=_fault(besides)))


def _seal(tx: Transaction) -> None:
    while tx.audit.seal(_AT_ONCE):
        pass
    tx.checkpoints.tree.grow()


def _compared(tx: Transaction, roots: Collection[KnownRoot]) -> Loss | None:
    """Tell the checkpoints that agree from those that do not.

    A service that went on after the restore has signed checkpoints of its own: they agree, but vouch for
    nothing that was before.
    """
    tree, size = tx.checkpoints.tree, tx.checkpoints.tree.size()
    agree = {root for root in roots if root.size <= size and tree.root(root.size) == root.root}
    lost = sorted(set(roots) - agree, key=lambda root: root.size)
    if not lost:
        return None
    vouched = max((root.size for root in agree if root.size < lost[0].size), default=0)
    exact = lost[0].size > size
    return Loss(size if exact else vouched, vouched, tuple(lost), exact)


def _fault(report: AuditReport) -> str:
    seq, what = report.first_bad or (0, "changed")
    return f"entry {seq} is wrong ({what})"


def declare_restore(
    tx: Transaction, arrived: Arrived, told: Declaration, loss: Loss, organisation: Organisation | None
) -> Checkpoint | None:
    """Write it down, sign what is here now, and tell the channel that checkpoints are posted to.

    Raises InconsistentLogError.
    """
    head = tx.audit.head()
    write_down(
        tx,
        arrived,
        "restore.declared",
        subject=None,
        actor=told.actor,
        name=told.by,
        reason=told.reason,
        kept=loss.kept,
        vouched=loss.vouched,
        exact=loss.exact,
        lost=_spelled(loss.lost),
        newest=told.newest_note,
        head={"size": head.seq, "hash": head.hash},
    )
    tx.outbox.doubt()  # what waited in the back-up was sent while the service went on
    if organisation is not None:
        _tell(tx, arrived, told, loss, organisation)
    _show_what_is_open_again(tx, arrived)
    _seal(tx)
    signed = tx.checkpoints.sign(arrived.now)
    if signed is not None:
        sealed: dict[str, Any] = {"size": signed.size, "root": signed.root.hex(), "note": signed.note}
        write_down(tx, arrived, "checkpoint.signed", subject=None, actor=told.actor, **sealed)
    return signed


def _show_what_is_open_again(tx: Transaction, arrived: Arrived) -> None:
    """What was decided since the back-up is open again, while its card says *Done* and has no button."""
    change = arrived.ids.new()
    tx.settings.put(LATEST_CHANGE, change, arrived.now)
    cards = RefreshCards(change_id=change)
    enqueue(tx, cards, key=f"refresh:{change}", order=None, arrived=arrived, priority=WHEN_QUIET)


def _tell(
    tx: Transaction, arrived: Arrived, told: Declaration, loss: Loss, organisation: Organisation
) -> None:
    channel = (
        organisation.checkpoint_channel or organisation.operations_channel or organisation.review_channel
    )
    text = f"{loss.sentence} {told.by} declared it: {told.reason}"
    post(tx, arrived, Notice(text=text, next_step=GONE, reference=arrived.reference), channel, by=SYSTEM)


def _spelled(roots: Sequence[KnownRoot]) -> list[dict[str, Any]]:
    return [{"size": root.size, "root": root.root.hex()} for root in roots]
