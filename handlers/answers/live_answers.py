"""Letting people see an answer come, and stopping it: in their direct messages, where nobody else reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from handlers.answers.answering import answer
from handlers.commands import AnswerStopped, ReplyAddress
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice
from handlers.ports import Live
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.record.model_answers import write_what_was_said
from handlers.rules.pausable_assistant import AskWhetherStopped
from policy.claims import VerifiedClaim
from policy.donor import DonorRecord
from policy.draft import Heard
from storage.transaction import Transaction

STOPPED = Notice(text="Stopped before anything was written.", next_step="Ask again whenever you like.")

_STOP = "stop:{item}:{user}"


class LiveShow:
    """One answer as its reader sees it come; outside of direct messages it shows nothing."""

    def __init__(self, live: Live | None, asker: str, arrived: Arrived, context: Context) -> None:
        self._live, self._asker, self._arrived, self._context = live, asker, arrived, context
        self._said: dict[str, VerifiedClaim] = {}

    @property
    def said(self) -> tuple[VerifiedClaim, ...]:
        """What its reader has seen so far of what a model said."""
        return tuple(self._said.values())

    @property
    def hears(self) -> Callable[[VerifiedClaim], Awaitable[None]] | None:
        """Whom to tell of every sentence as soon as it is verified; None where nobody looks."""
        return self._say_one if self._live and self._live.at else None

    async def warn(self, warnings: tuple[VerifiedClaim, ...]) -> None:
        """Show what nobody may be spared ahead of anything a model says."""
        if self._live:
            await self._live.say(tuple(each.claim.text for each in warnings))

    async def step(self, title: str) -> None:
        """Say what is being done now."""
        if self._live:
            await self._live.step(title)

    @property
    def is_stopped(self) -> AskWhetherStopped | None:
        """Whom to ask whether its reader pressed Stop; None where nobody looks."""
        return self._has_its_reader_stopped_it if self._live else None

    async def say(self, kept: tuple[VerifiedClaim, ...], removed: int) -> None:
        """Show what was verified, and nothing else."""
        if self._live:
            await self._live.step(_checked(len(kept), removed))
            texts = (each.claim.text for each in kept)
            await self._live.say(tuple(text for text in texts if text not in self._said))

    async def _say_one(self, claim: VerifiedClaim) -> None:
        text = claim.claim.text
        if self._live and text not in self._said:
            self._said[text] = claim
            await self._live.say((text,))

    async def close(self, to: ReplyAddress) -> ReplyAddress:
        """End the show and return where the answer goes: in its place."""
        if self._live is None:
            return to
        await self._live.close()
        return to.model_copy(update={"at_ts": self._live.at.ts}) if self._live.at else to

    async def _has_its_reader_stopped_it(self) -> bool:
        key = _STOP.format(item=self._arrived.item_id, user=self._asker)
        return await self._context.database.read(lambda tx: tx.occurrences.is_taken(key, "stop"))


async def show_live(to: ReplyAddress, record: DonorRecord, arrived: Arrived, context: Context) -> LiveShow:
    """Begin to show an answer about *record*; a second attempt shows nothing on the way.

    It ends what the first has begun.
    """
    live = None
    if to.channel_id.startswith("D") and to.thread_ts and not to.response_url:
        again = arrived.attempts > 1
        live = await context.chat.go_live(to, arrived.item_id, reading(record), again=again)
    return LiveShow(live, to.user_id, arrived, context)


def reading(record: DonorRecord) -> str:
    """Say what is read: "Reading 214 gifts, 31 contacts and 4 notes"."""
    counted = (
        (len(record.gifts), "gift", "gifts"),
        (len(record.interactions), "contact", "contacts"),
        (len(record.notes), "note", "notes"),
    )
    parts = [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]
    if not parts:
        return "Reading the record"
    return f"Reading {', '.join(parts[:-1])}{' and ' if parts[:-1] else ''}{parts[-1]}"


def _checked(kept: int, removed: int) -> str:
    count = kept + removed
    sentences = "1 sentence" if count == 1 else f"{count} sentences"
    return f"Checked {sentences}" + (f", left out {removed}" if removed else "")


async def stop_answer(command: AnswerStopped, arrived: Arrived, context: Context) -> Write:
    """Have an answer stopped by whoever asked for it; for anybody else it does nothing."""
    del context
    key = _STOP.format(item=command.item_id, user=command.by.id)

    def write(tx: Transaction) -> None:
        tx.occurrences.claim(key, "stop", arrived.now)
        by = slack_actor(command.by.id)
        write_down(tx, arrived, "summary.stop_asked", subject=None, actor=by, item_id=command.item_id)

    return write


def stopped(
    tx: Transaction, arrived: Arrived, donor_id: str, user_id: str, to: ReplyAddress, heard: Heard | None
) -> None:
    """Say that an answer was stopped before its reader saw anything, and write down what had come by then."""
    write_what_was_said(tx, arrived, heard, subject=donor_id, use="summary")
    write_stop(tx, arrived, donor_id, user_id)
    answer(tx, arrived, STOPPED, to, donor_id=donor_id)


def write_stop(tx: Transaction, arrived: Arrived, donor_id: str, user_id: str) -> None:
    """Write down that an answer was stopped."""
    write_down(tx, arrived, "summary.stopped", subject=donor_id, actor=slack_actor(user_id))
