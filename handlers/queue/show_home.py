"""Show somebody what waits for them in the app's Home tab, and keep it as things stand."""

from __future__ import annotations

from handlers.admission import admit
from handlers.commands import HomeOpened
from handlers.context import Arrived, Context, Write
from handlers.decisions.considering import considered_by
from handlers.digests.managing import managing
from handlers.effects import PublishHome, RefreshHomes
from handlers.enqueueing import PEOPLE_FIRST, WHEN_QUIET, enqueue
from handlers.outcomes import HomeShown, Notice
from handlers.queue.queue_of import decisions, own_queue, queue_of
from handlers.refreshing import HOME_IN_USE
from policy.canonical import digest
from policy.considered import Figures
from storage.homes import Home
from storage.transaction import Transaction


async def show_home(command: HomeOpened, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Have the Home tab published, and remember that somebody looks at it."""

    def write(tx: Transaction) -> None:
        tx.homes.opened(command.by.id, arrived.now)
        _publish(tx, arrived, command.by.id, PEOPLE_FIRST)

    return write


async def refresh_homes(effect: RefreshHomes, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Have those Home tabs published that no longer show how things stand."""
    homes, all_ = await context.database.read(lambda tx: (_in_use(tx, arrived), decisions(tx, arrived.now)))
    changed = []
    for home, figures in homes:
        colleague = await admit(home.user_id, None, context)
        if isinstance(colleague, Notice):
            continue
        if digest(queue_of(colleague, all_, figures, arrived.now, context)) != home.shown_digest:
            changed.append(home.user_id)

    def write(tx: Transaction) -> None:
        for user_id in changed:
            _publish(tx, arrived, user_id, WHEN_QUIET)

    return write


def _in_use(tx: Transaction, arrived: Arrived) -> list[tuple[Home, Figures]]:
    homes = tx.homes.in_use(arrived.now - HOME_IN_USE)
    return [(home, considered_by(tx, home.user_id, arrived.now).figures) for home in homes]


async def publish_home(effect: PublishHome, arrived: Arrived, context: Context) -> Write:
    """Publish the queue as it is at this moment."""
    colleague = await admit(effect.user_id, None, context)
    if isinstance(colleague, Notice):
        await context.chat.publish_home(effect.user_id, HomeShown(name=""))
        return lambda _tx: None
    home = await own_queue(colleague, arrived, context)
    # The figures of a team change all the time; a Home tab is published anew for its reader's own decisions.
    shown = home.model_copy(update={"managing": await managing(colleague, arrived.now, context)})
    await context.chat.publish_home(effect.user_id, shown)
    return lambda tx: tx.homes.shown(effect.user_id, digest(home))


def _publish(tx: Transaction, arrived: Arrived, user_id: str, priority: int) -> None:
    effect, order = PublishHome(user_id=user_id), f"home:{user_id}"
    key = f"{order}:{arrived.item_id}"
    enqueue(tx, effect, key=key, order=order, arrived=arrived, priority=priority)
