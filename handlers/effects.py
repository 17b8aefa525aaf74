"""Everything that leaves: each effect is an outbox row with a key that makes it happen once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from handlers.commands import ReplyAddress
from handlers.context import Arrived
from handlers.outcomes import PausesShown
from policy.value import Value
from storage.cleanup import CleanupItem
from storage.escalations import Escalation
from storage.queue import Effect as OutboxRow
from storage.transaction import Transaction


class ShowCard(Value):
    """Post an escalation's card, or bring it up to date; *route* is where it belonged at that time."""

    type: Literal["show_card"] = "show_card"
    escalation_id: str
    route: str = ""
    note: str = ""


class UpdateCopy(Value):
    """Bring another message that shows an escalation's card up to date."""

    type: Literal["update_copy"] = "update_copy"
    escalation_id: str
    place_id: str
    note: str = ""


class ShowCleanup(Value):
    """Post a record that has to be put right, or bring its card up to date."""

    type: Literal["show_cleanup"] = "show_cleanup"
    item_id: str


class RemindDecider(Value):
    """Say *text* in the card's thread to whoever decides, by default that a deferred decision is back."""

    type: Literal["remind_decider"] = "remind_decider"
    escalation_id: str
    text: str = "This decision is back from being put off."


class ShowToStandIn(Value):
    """Show the card also to whoever decides while its holder is away: on *route*, once that is known."""

    type: Literal["show_to_stand_in"] = "show_to_stand_in"
    escalation_id: str
    route: str | None = None


class SendAnswer(Value):
    """Answer one person privately with a stored outcome."""

    type: Literal["send_answer"] = "send_answer"
    answer_id: str
    to: ReplyAddress


class SayWait(Value):
    """Say that an answer takes a little longer, unless it is on its way by then."""

    type: Literal["say_wait"] = "say_wait"
    query: str
    asked_at: AwareDatetime
    to: ReplyAddress


class PostOutcome(Value):
    """Post a stored outcome for everybody in a channel."""

    type: Literal["post_outcome"] = "post_outcome"
    answer_id: str
    channel: str
    thread_ts: str | None = None


class PostDigest(Value):
    """Post a stored digest for everybody in a channel, and its detail in the thread."""

    type: Literal["post_digest"] = "post_digest"
    answer_id: str
    channel: str


class PostDigestDetail(Value):
    """Post one section of a stored digest in its thread."""

    type: Literal["post_digest_detail"] = "post_digest_detail"
    answer_id: str
    section: int
    channel: str
    thread_ts: str
    charts: bool = True


class ShareChart(Value):
    """Put the picture of a section's chart into the thread, where Slack's own charts are refused."""

    type: Literal["share_chart"] = "share_chart"
    answer_id: str
    section: int
    channel: str
    thread_ts: str


class ShareFigures(Value):
    """Put the figures of a stored digest as a file into its thread."""

    type: Literal["share_figures"] = "share_figures"
    answer_id: str
    channel: str
    thread_ts: str


class ExecuteAction(Value):
    """Write an approved action to the CRM."""

    type: Literal["execute_action"] = "execute_action"
    escalation_id: str


class TakeBack(Value):
    """Undo an executed action in the CRM; with *rest*, only what nobody changed since."""

    type: Literal["take_back"] = "take_back"
    escalation_id: str
    rest: bool = False
    by_id: str
    by_name: str
    reply_to: ReplyAddress


class AskToAgree(Value):
    """Ask those who have to agree to an undo, where they can press on it."""

    type: Literal["ask_to_agree"] = "ask_to_agree"
    escalation_id: str


class PublishEvent(Value):
    """Publish a CloudEvent to whoever listens; *event* is its JSON."""

    type: Literal["publish_event"] = "publish_event"
    event: str


class PublishHome(Value):
    """Bring somebody's Home tab up to date."""

    type: Literal["publish_home"] = "publish_home"
    user_id: str


class FillEvidence(Value):
    """Fill the waiting modal with a decision's evidence."""

    type: Literal["fill_evidence"] = "fill_evidence"
    escalation_id: str
    view_id: str


class FillWindow(Value):
    """Fill a waiting modal with a stored answer; *window* is its id, or its name when it was *pushed*."""

    type: Literal["fill_window"] = "fill_window"
    answer_id: str
    window: str
    pushed: bool = False


class RedactMessage(Value):
    """Take what was said about an erased donor out of a message."""

    type: Literal["redact_message"] = "redact_message"
    channel_id: str
    message_ts: str


class KeepCheckpoint(Value):
    """Keep a signed checkpoint outside of the database."""

    type: Literal["keep_checkpoint"] = "keep_checkpoint"
    size: int


class AnnouncePause(Value):
    """Tell operations what was paused or resumed, and begin to bring the cards up to date."""

    type: Literal["announce_pause"] = "announce_pause"
    change_id: str
    announcement: PausesShown


class RefreshCards(Value):
    """Bring the next cards that a pause concerns up to date, a few at a time, after *after_id*."""

    type: Literal["refresh_cards"] = "refresh_cards"
    change_id: str
    after_id: str | None = None


class ShowProposal(Value):
    """Post the card of a proposed change of the rules, or bring it up to date."""

    type: Literal["show_proposal"] = "show_proposal"
    proposal_id: str


class ShowAlarm(Value):
    """Post the card of a drift alarm, or bring it up to date."""

    type: Literal["show_alarm"] = "show_alarm"
    alarm_id: str


class ShowGrouping(Value):
    """Post a list of decisions, or bring it up to date."""

    type: Literal["show_grouping"] = "show_grouping"
    grouping_id: str
    decider_email: str | None = None


class RememberPermalink(Value):
    """Ask Slack for the address of the message that shows an escalation."""

    type: Literal["remember_permalink"] = "remember_permalink"
    escalation_id: str


class RefreshHomes(Value):
    """Bring every Home tab up to date whose content has changed."""

    type: Literal["refresh_homes"] = "refresh_homes"


class ShowDrill(Value):
    """Post the card of a drill, or what it turned into when it is over."""

    type: Literal["show_drill"] = "show_drill"
    drill_id: str


Effect = Annotated[
    ShowCard
    | UpdateCopy
    | ShowCleanup
    | RemindDecider
    | ShowToStandIn
    | SendAnswer
    | SayWait
    | PostOutcome
    | PostDigest
    | PostDigestDetail
    | ShareChart
    | ShareFigures
    | ExecuteAction
    | TakeBack
    | AskToAgree
    | PublishEvent
    | PublishHome
    | ShowGrouping
    | RememberPermalink
    | RefreshHomes
    | FillEvidence
    | FillWindow
    | RedactMessage
    | KeepCheckpoint
    | AnnouncePause
    | RefreshCards
    | ShowDrill
    | ShowAlarm
    | ShowProposal,
    Field(discriminator="type"),
]

EFFECT: TypeAdapter[Effect] = TypeAdapter(Effect)

PEOPLE_FIRST = 10
EVENTS = 50
WHEN_QUIET = 70
SHORTLY = timedelta(seconds=1)
HOME_IN_USE = timedelta(days=30)


def enqueue(
    tx: Transaction,
    effect: Effect,
    *,
    key: str,
    order: str | None,
    arrived: Arrived,
    priority: int = EVENTS,
    at: datetime | None = None,
) -> bool:
    """Put *effect* into the outbox once per *key*; effects of the same *order* run one after the other.

    It is done as soon as possible, or from *at* on.
    """
    return tx.outbox.enqueue(
        OutboxRow(
            id=arrived.ids.new(),
            idem_key=key,
            kind=effect.type,
            entity_key=order,
            body=effect.model_dump_json().encode(),
            correlation_id=arrived.correlation_id,
            created_at=arrived.now,
            available_at=at,
            priority=priority,
        )
    )


def refresh_card(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    note: str = "",
    *,
    again: str = "",
    at: datetime | None = None,
) -> None:
    """Have every message with the card show the escalation as it stands now, with a *note* meanwhile.

    *again* is a key for something else than the escalation that changed what the card says; with *at*, it
    is shown from then on, when nothing is more urgent.
    """
    follow(tx, arrived, escalation)
    version = f"{escalation.revision}{':note' if note else ''}{again}"
    if escalation.shown == "card":
        enqueue(
            tx,
            ShowCard(escalation_id=escalation.id, route=escalation.route, note=note),
            key=f"card:{escalation.id}:{version}",
            order=f"card:{escalation.id}",
            arrived=arrived,
            priority=WHEN_QUIET if at else PEOPLE_FIRST,
            at=at,
        )
    # What is a line in a list may still be a card somewhere: with whoever stands in for its holder.
    refresh_copies(tx, arrived, escalation, note, again=again, at=at)


def refresh_copies(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    note: str = "",
    *,
    again: str = "",
    at: datetime | None = None,
) -> None:
    """Have the other messages with the card follow, each by itself."""
    version = f"{escalation.revision}{':note' if note else ''}{again}"
    for place in tx.places.living(escalation.id):
        if (place.channel_id, place.message_ts) != (escalation.channel_id, escalation.message_ts):
            update_copy(tx, arrived, escalation.id, place.id, version, note, at)


def update_copy(
    tx: Transaction,
    arrived: Arrived,
    escalation_id: str,
    place_id: str,
    version: str,
    note: str = "",
    at: datetime | None = None,
) -> None:
    """Have one copy of a card brought up to date by itself: no place waits for another."""
    enqueue(
        tx,
        UpdateCopy(escalation_id=escalation_id, place_id=place_id, note=note),
        key=f"copy:{place_id}:{version}",
        order=f"copy:{place_id}",
        arrived=arrived,
        priority=WHEN_QUIET if at else PEOPLE_FIRST,
        at=at,
    )


def show_cleanup(tx: Transaction, arrived: Arrived, item: CleanupItem) -> None:
    """Have the card of a record to put right show how it stands after this change."""
    enqueue(
        tx,
        ShowCleanup(item_id=item.id),
        key=f"cleanup:{item.id}:{item.revision}",
        order=f"cleanup:{item.id}",
        arrived=arrived,
        priority=PEOPLE_FIRST,
    )


def show_alarm_card(tx: Transaction, arrived: Arrived, alarm_id: str, version: str) -> None:
    """Have the card of a drift alarm show how it stands after the change named by *version*."""
    enqueue(
        tx,
        ShowAlarm(alarm_id=alarm_id),
        key=f"alarm:{alarm_id}:{version}",
        order=f"alarm:{alarm_id}",
        arrived=arrived,
        priority=PEOPLE_FIRST,
    )


def follow(tx: Transaction, arrived: Arrived, escalation: Escalation) -> None:
    """Have everything else follow a change: Home tabs, and the list that names it."""
    refresh_homes(tx, arrived)
    if escalation.grouping_id:
        refresh_grouping(tx, arrived, escalation.grouping_id)


def refresh_homes(tx: Transaction, arrived: Arrived) -> None:
    """Have open Home tabs follow shortly, however many changes come at once."""
    if tx.homes.are_in_use(arrived.now - HOME_IN_USE):
        _join(tx, arrived, RefreshHomes(), "homes")


def refresh_grouping(tx: Transaction, arrived: Arrived, grouping_id: str) -> None:
    """Have a list of decisions follow shortly, however many changes come at once."""
    _join(tx, arrived, ShowGrouping(grouping_id=grouping_id), f"grouping:{grouping_id}")


def _join(tx: Transaction, arrived: Arrived, effect: Effect, order: str) -> None:
    effect_id = arrived.ids.new()
    tx.outbox.join(
        OutboxRow(
            id=effect_id,
            idem_key=f"{order}:{effect_id}",
            kind=effect.type,
            entity_key=order,
            body=effect.model_dump_json().encode(),
            correlation_id=arrived.correlation_id,
            created_at=arrived.now,
            available_at=arrived.now + SHORTLY,
            priority=WHEN_QUIET,
        )
    )
