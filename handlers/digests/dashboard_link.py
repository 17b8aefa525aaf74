"""Give a manager a link to the dashboard: for them alone, for a few minutes, and for one use."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.commands import DashboardRequested
from handlers.context import Arrived, Context, Write
from handlers.digests.whose_figures import FOR_MANAGERS, whose_figures
from handlers.outcomes import LinkShown, Notice
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from storage.transaction import Transaction

NO_ADDRESS = Notice(
    text="The dashboard has no address yet.",
    next_step="Ask whoever runs Countersign to set dashboard_url in the organisation file.",
)
HERE = "Your link to the dashboard:"
LABEL = "Open the dashboard"
LINK_BYTES = 24
ONCE = "It works once, for five minutes, and for you: do not pass it on. /donor dashboard gives you another."


async def dashboard_link(command: DashboardRequested, arrived: Arrived, context: Context) -> Write:
    """Answer with a fresh link, or say who may look."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return _refuse(command, arrived, colleague)
    if whose_figures(colleague, context.organisation) is None:
        return _refuse(command, arrived, FOR_MANAGERS)
    address = context.organisation.dashboard_url
    if address is None:
        return lambda tx: answer(tx, arrived, NO_ADDRESS, command.reply_to)
    link = context.secret(LINK_BYTES)
    shown = LinkShown(text=HERE, url=f"{address.rstrip('/')}/enter/{link}", label=LABEL, note=ONCE)

    def write(tx: Transaction) -> None:
        tx.dashboard.offer(link, command.by.id, arrived.now)
        write_down(tx, arrived, "dashboard.link_given", subject=None, actor=slack_actor(command.by.id))
        answer(tx, arrived, shown, command.reply_to)

    return write


def _refuse(command: DashboardRequested, arrived: Arrived, refusal: Notice) -> Write:
    def write(tx: Transaction) -> None:
        actor = slack_actor(command.by.id)
        write_down(tx, arrived, "request.refused", subject=None, actor=actor, asked="dashboard")
        answer(tx, arrived, refusal, command.reply_to)

    return write
