"""Everything that leaves: each effect is an outbox row with a key that makes it happen once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from handlers.commands import ReplyAddress
from handlers.outcomes import PausesShown
from policy.value import Value


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


class TakeAwayTwins(Value):
    """Look whether a message was posted twice, for the *look*-th time, and leave only the one at *ts*.

    All that bear *marker* in the conversation *since* then are the same; with *ts* None none may stay.
    """

    type: Literal["take_away_twins"] = "take_away_twins"
    channel_id: str
    ts: str | None
    marker: str
    since: AwareDatetime
    thread_ts: str | None = None
    look: int = 0


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
    | TakeAwayTwins
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
