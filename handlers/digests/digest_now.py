"""Send somebody a digest now, in their direct messages, over the time up to this moment."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.commands import DigestRequested
from handlers.context import Arrived, Context, Write
from handlers.digests.deliver_digest import send_digest
from handlers.digests.figures import digest_shown, zone_of
from handlers.digests.whose_figures import FOR_MANAGERS, whose_figures
from handlers.outcomes import Notice
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.digest import TITLES, DigestKind
from policy.digest_periods import rolling_period
from storage.transaction import Transaction

DAYS = 7
WHICH = Notice(
    text="Which digest would you like?",
    next_step="Type /donor digest now adoption, override, outcomes or operations.",
)
SENT = "“{title}” of the last {days} days is on its way to your direct messages."


async def digest_now(command: DigestRequested, arrived: Arrived, context: Context) -> Write:
    """Count one digest for whoever may see it."""
    colleague = await admit(command.by.id, None, context)
    whose = None if isinstance(colleague, Notice) else whose_figures(colleague, context.organisation)
    if whose is None:
        return _refuse(command, arrived, colleague if isinstance(colleague, Notice) else FOR_MANAGERS)
    if command.kind not in set(DigestKind):
        return lambda tx: answer(tx, arrived, WHICH, command.reply_to)
    kind = DigestKind(command.kind)
    zone = zone_of(None, context.organisation)
    period = rolling_period(DAYS, arrived.now)
    digest = await digest_shown(kind, whose.team, period, zone, context)
    channel = await context.chat.direct_channel(command.by.id)

    def write(tx: Transaction) -> None:
        actor = slack_actor(command.by.id)
        write_down(tx, arrived, "digest.asked_for", subject=None, actor=actor, digest=kind.value)
        send_digest(tx, arrived, digest, channel, by=command.by.id)
        answer(tx, arrived, Notice(text=SENT.format(title=TITLES[kind], days=DAYS)), command.reply_to)

    return write


def _refuse(command: DigestRequested, arrived: Arrived, refusal: Notice) -> Write:
    def write(tx: Transaction) -> None:
        actor = slack_actor(command.by.id)
        write_down(tx, arrived, "request.refused", subject=None, actor=actor, asked="digest")
        answer(tx, arrived, refusal, command.reply_to)

    return write
