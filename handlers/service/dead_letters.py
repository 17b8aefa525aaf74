"""What was set aside: why in plain words, and giving it back or letting it be, by a named person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from handlers.context import Arrived
from handlers.effects import EFFECT, ExecuteAction, TakeBack
from handlers.execution.give_up import end_given_up
from handlers.execution.take_back import undo_given_up
from handlers.record.evidence import record as write_down
from handlers.rules.pausing import Operator
from handlers.service.queues import QueueName, queues
from policy.decision import Role
from policy.value import Value
from storage.lease import Item, LeasedQueue
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something was set aside, and what a person can do about it."""

    why: str
    remedy: str


RETRY = "When the cause is gone, try it again: countersign inbox retry ID --by EMAIL."

_EXACT = {
    "event_malformed": Explanation(
        "The CRM sent a signed event that is not a readable CloudEvent.",
        "Correct the sender; the event can be sent again under a new id. Then discard this one.",
    ),
    "event_unknown_type": Explanation(
        "The CRM sent a kind of event that Countersign does not know.",
        "Nothing is missing unless you expected a card. Stop sending this kind, or discard it.",
    ),
    "event_without_donor": Explanation(
        "The event names no donor.", "Correct the sender, then discard this one."
    ),
    "donor_unknown": Explanation(
        "The CRM does not show us the donor: deleted, merged, or not visible to our API user.",
        f"Look the donor up with our API user's rights. {RETRY}",
    ),
    "campaign_unknown": Explanation(
        "The CRM does not show us the campaign.", f"Look it up with our API user's rights. {RETRY}"
    ),
    "unreadable": Explanation(
        "The row was written by another version of Countersign, and this one cannot read it.",
        f"Finish the upgrade on every replica. {RETRY}",
    ),
    "slack_channel_not_found": Explanation(
        "The Slack channel does not exist, or the bot cannot see it.",
        f"In the channel: /invite @countersign, or correct the organisation file. {RETRY}",
    ),
    "slack_not_in_channel": Explanation(
        "The bot is not a member of the Slack channel.", f"In the channel: /invite @countersign. {RETRY}"
    ),
    "slack_is_archived": Explanation(
        "The Slack channel is archived.", f"Bring it back, or name another in the organisation file. {RETRY}"
    ),
    "slack_shared_outside": Explanation(
        "The Slack channel is shared with another organisation by now.",
        f"Name another channel in the organisation file. {RETRY}",
    ),
    "slack_missing_scope": Explanation(
        "The Slack app lacks a permission.",
        f"Install it again from manifest.yml; countersign doctor. {RETRY}",
    ),
}

_BY_BEGINNING = (
    (
        "unexpected_",
        Explanation(
            "Something unexpected went wrong five times; the log names the place under the same reference.",
            f"Keep the log lines for whoever looks after Countersign. {RETRY}",
        ),
    ),
    (
        "slack_",
        Explanation(
            "Slack refused it for good, with this code.",
            f"countersign doctor tests token, scopes and channels. {RETRY}",
        ),
    ),
    (
        "crm_",
        Explanation(
            "The CRM refused it for good, with this code; nothing was written there.",
            f"Look at the API user's rights and the record. {RETRY}",
        ),
    ),
)

_UNKNOWN = Explanation("It could not be handled, for the reason named by the code.", RETRY)


def explanation(code: str) -> Explanation:
    """Say in plain words what a code means and what to do."""
    exact = _EXACT.get(code)
    return exact or next((said for start, said in _BY_BEGINNING if code.startswith(start)), _UNKNOWN)


class DeadLetter(Value):
    """One thing that was set aside, without its content. Times are UTC."""

    id: str
    queue: QueueName
    kind: str
    code: str
    why: str
    remedy: str
    attempts: int
    received_at: datetime
    reference: str
    about: str | None


@dataclass(frozen=True, slots=True)
class Alike:
    """How many of one kind were set aside with one code, and the latest of them."""

    count: int
    latest: tuple[DeadLetter, ...]


def dead_letters(tx: Transaction, limit: int, code: str | None = None) -> list[DeadLetter]:
    """Return what was set aside in both queues, or what has that code, the latest first in each."""
    return [_letter(name, item) for name, queue in queues(tx) for item in queue.list_dead(limit, code=code)]


def dead_ids(tx: Transaction, code: str) -> list[str]:
    """Return which items were set aside with that code, in both queues."""
    return [each for _, queue in queues(tx) for each in queue.dead_ids(code)]


def alike(tx: Transaction, limit: int) -> list[Alike]:
    """Return everything that was set aside, by kind and code, with at most *limit* of each by themselves."""
    return [
        Alike(count, tuple(_letter(name, item) for item in queue.list_dead(limit, kind, code or None)))
        for name, queue in queues(tx)
        for (kind, code), count in sorted(queue.dead_since(None).items())
    ]


def dead_letter(tx: Transaction, item_id: str) -> DeadLetter | None:
    """Return one dead letter; None when nothing of that id is set aside."""
    found = ((name, queue.get(item_id)) for name, queue in queues(tx))
    return next((_letter(name, item) for name, item in found if item and item.status == "dead"), None)


def may_care(by: Operator) -> bool:
    """Say whether somebody may give back or discard what was set aside."""
    return Role.ADMIN in by.roles


def retry(tx: Transaction, arrived: Arrived, by: Operator, item_id: str) -> DeadLetter | None:
    """Give a dead letter back to its queue; None when there is none of that id."""
    letter = dead_letter(tx, item_id)
    if letter and _queue(tx, letter).revive(item_id, arrived.now):
        _write_down(tx, arrived, by, letter, "retried", "")
        return letter
    return None


def discard(tx: Transaction, arrived: Arrived, by: Operator, item_id: str, reason: str) -> DeadLetter | None:
    """Settle a dead letter without doing it; None when there is none of that id.

    What was to be written to the CRM ends with it, and its card says so.
    """
    letter = dead_letter(tx, item_id)
    if letter and _queue(tx, letter).discard(item_id, arrived.now):
        _write_down(tx, arrived, by, letter, "discarded", reason)
        _end_what_it_was_for(tx, arrived, by, item_id)
        return letter
    return None


def _end_what_it_was_for(tx: Transaction, arrived: Arrived, by: Operator, item_id: str) -> None:
    item = tx.outbox.get(item_id)
    try:
        effect = EFFECT.validate_json(item.body) if item else None
    except ValidationError:  # written by another version: it is looked for among the stranded ones
        return
    if isinstance(effect, ExecuteAction):
        end_given_up(tx, arrived, effect.escalation_id, by.name)
    if isinstance(effect, TakeBack):
        undo_given_up(tx, arrived, effect)


def _queue(tx: Transaction, letter: DeadLetter) -> LeasedQueue:
    return tx.inbox if letter.queue == "inbox" else tx.outbox


def _write_down(
    tx: Transaction, arrived: Arrived, by: Operator, letter: DeadLetter, what: str, reason: str
) -> None:
    write_down(
        tx,
        arrived,
        f"{letter.queue}.{what}",
        subject=None,
        actor=by.actor,
        name=by.name,
        item=letter.id,
        asked=letter.kind,
        code=letter.code,
        reason=reason,
    )


def _letter(queue: QueueName, item: Item) -> DeadLetter:
    code = item.last_error or "unspecified"
    said = explanation(code)
    return DeadLetter(
        id=item.id,
        queue=queue,
        kind=item.kind,
        code=code,
        why=said.why,
        remedy=said.remedy.replace("ID", item.id),
        attempts=item.attempts,
        received_at=item.received_at,
        reference=item.correlation_id[-6:].lower(),
        about=item.entity_key,
    )
