"""The outside world as handlers need it; adapters in `bot/` satisfy these structurally."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from handlers.commands import ReplyAddress
from handlers.outcomes import CardStatus, CleanupShown, EscalationCard, HomeShown, Outcome, PolicyCard, Window
from policy.actions import Action, FieldChange
from policy.claims import Claim
from policy.decide import CompiledPolicy
from policy.digest import Chart
from policy.donor import Campaign, DonorMatch, DonorRecord, PlannedMeeting
from policy.draft import Draft, ModelCall
from policy.events import CrmEvent
from policy.facts import DonorFacts
from policy.recommender import Proposal
from policy.undoing import ChangedSince, TakenBack
from storage.audit import KnownRoot
from storage.signed_note import VerifierKey
from storage.transaction import Transaction


class Unavailable(Exception):
    """A counterpart does not answer now; try again, after *retry_after* if it said so."""

    def __init__(self, who: str, code: str, retry_after: timedelta | None = None) -> None:
        super().__init__(f"{who}: {code}")
        self.who, self.code, self.retry_after = who, code, retry_after


class OutcomeUnknown(Exception):
    """A write was sent and no answer came: look before sending it again."""


class NotThere(OutcomeUnknown):
    """The write was answered with yes, and reading it back shows nothing of it."""


class StaleRecord(Exception):
    """The CRM record changed since it was read; read it again before deciding anything."""


class DonorUnknown(Exception):
    """The CRM has no such donor, or we may not see it."""


class Refused(Exception):
    """A counterpart understood the request and said no; trying again will not help."""

    def __init__(self, who: str, code: str) -> None:
        super().__init__(f"{who}: {code}")
        self.who, self.code = who, code


@dataclass(frozen=True, slots=True)
class CrmReceipt:
    """What the CRM holds after an action: the record's *ref* and the changes as read back."""

    ref: str
    changes: tuple[FieldChange, ...]
    verified: bool
    record_url: str | None = None


class Crm(Protocol):
    """The system of record. Only `handlers/execution/execute_action.py` calls `execute`."""

    async def search(self, text: str, limit: int) -> tuple[DonorMatch, ...]:
        """Find donors by id, e-mail or name, best match first."""
        ...

    async def near(self, text: str) -> tuple[DonorMatch, ...]:
        """Find donors whose names look like *text*."""
        ...

    async def read(self, donor_id: str) -> DonorRecord:
        """Read one donor with everything around them; raises DonorUnknown, Unavailable."""
        ...

    async def campaign(self, campaign_id: str) -> Campaign | None:
        """Read one campaign."""
        ...

    async def planned_meetings(self, start: datetime, end: datetime) -> tuple[PlannedMeeting, ...]:
        """List the meetings and visits planned from *start* until before *end*, if the CRM lists them."""
        ...

    async def execute(self, action: Action, *, key: str, version: str, actor: str) -> CrmReceipt:
        """Write *action* once under the idempotency *key* and read it back.

        Raises StaleRecord, OutcomeUnknown, Unavailable, Refused.
        """
        ...

    async def find(self, action: Action, *, key: str) -> CrmReceipt | None:
        """Look for the effect of an earlier `execute` with this *key*."""
        ...

    async def undo(
        self, action: Action, *, key: str, ref: str, actor: str, rest: bool = False
    ) -> TakenBack | ChangedSince:
        """Take back what `execute` wrote under *key* as the record *ref*; doing it twice is fine.

        What somebody changed since is left alone and returned, with what could still be undone; *rest* asks
        for exactly that. Raises DonorUnknown, StaleRecord, OutcomeUnknown, Unavailable, Refused.
        """
        ...


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody in Slack, as Slack vouches for them."""

    id: str
    name: str
    email: str
    time_zone: str
    is_full_member: bool


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message in Slack."""

    channel_id: str
    ts: str


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A decision's message in Slack, with how many words there are to read, without a pause's line."""

    at: MessageRef
    words: int


class Live(Protocol):
    """An answer that its reader sees coming; what cannot be shown is left out, and never raises."""

    @property
    def at(self) -> MessageRef:
        """The message that the answer is to take the place of."""
        ...

    async def step(self, title: str) -> None:
        """Say what is being done now; what was done before is done."""
        ...

    async def say(self, sentences: tuple[str, ...]) -> None:
        """Show sentences that were verified."""
        ...

    async def close(self) -> None:
        """End it; the message stays."""
        ...


class Chat(Protocol):
    """Slack. A *marker* names a message of ours, so that a post with a lost answer is found, not repeated."""

    async def colleague(self, user_id: str) -> Colleague | None:
        """Look somebody up by Slack user id; None when there is no such active person."""
        ...

    async def colleague_by_email(self, email: str) -> Colleague | None:
        """Look somebody up by e-mail address; None when they have no Slack account."""
        ...

    async def direct_channel(self, user_id: str) -> str:
        """Return the channel id of the direct messages with somebody."""
        ...

    async def is_shared_outside(self, channel: str, *, lately: bool = False) -> bool | None:
        """Say whether people of other organisations can read the channel; None when it cannot be told.

        With *lately*, what was found a moment ago will do.
        """
        ...

    async def show_card(
        self,
        card: EscalationCard,
        status: CardStatus,
        at: MessageRef | None,
        channel: str,
        marker: str,
        retry_since: datetime | None,
    ) -> ShownCard:
        """Post the card, or bring the one *at* that place up to date."""
        ...

    async def find(self, channel: str, marker: str, since: datetime) -> MessageRef | None:
        """Return a message of ours that an attempt *since* then may have posted, if there is one."""
        ...

    async def show_cleanup(
        self,
        cleanup: CleanupShown,
        at: MessageRef | None,
        channel: str,
        marker: str,
        retry_since: datetime | None,
    ) -> MessageRef:
        """Post a record to put right, or bring the message *at* that place up to date."""
        ...

    async def show_proposal(
        self,
        card: PolicyCard,
        at: MessageRef | None,
        channel: str,
        marker: str,
        retry_since: datetime | None,
    ) -> MessageRef:
        """Post the card of a proposed change of the rules, or bring the one *at* that place up to date."""
        ...

    async def post(
        self,
        outcome: Outcome,
        channel: str,
        marker: str,
        retry_since: datetime | None,
        thread_ts: str | None = None,
    ) -> MessageRef:
        """Post an outcome for everybody in *channel*."""
        ...

    async def revise(self, outcome: Outcome, at: MessageRef, marker: str) -> None:
        """Bring a message of ours up to date; raises Refused when it is gone."""
        ...

    async def share_file(
        self, name: str, content: bytes, thread: MessageRef, retry_since: datetime | None
    ) -> None:
        """Put a file into the thread of a message, once; raises Refused where files are not taken."""
        ...

    async def share_chart(
        self, name: str, chart: Chart, thread: MessageRef, retry_since: datetime | None
    ) -> None:
        """Put a picture of a chart into the thread, once, with its values as the text alternative."""
        ...

    async def permalink(self, at: MessageRef) -> str:
        """Return the address of a message; raises Refused when it has none."""
        ...

    async def answer(self, outcome: Outcome, to: ReplyAddress) -> MessageRef | None:
        """Answer one person privately, where they asked; return the message if it is one that stays."""
        ...

    async def go_live(self, to: ReplyAddress, stop_id: str, first_step: str) -> Live | None:
        """Begin to show an answer in the thread of direct messages, with a button that stops it."""
        ...

    async def replace(self, outcome: Outcome, at: MessageRef) -> None:
        """Show *outcome* instead of a message of ours; raises Refused when it is gone."""
        ...

    async def publish_home(self, user_id: str, home: HomeShown) -> None:
        """Show somebody's Home tab."""
        ...

    async def fill_view(self, view_id: str, shown: Window) -> None:
        """Fill a modal that was opened with a waiting view; raises Refused when it was closed meanwhile."""
        ...

    async def fill_named_view(self, name: str, shown: Window) -> None:
        """Fill a modal known by the *name* that we gave it; raises Refused while it is not there yet."""
        ...


class AssistantUnavailable(Exception):
    """No model answered usefully; *code* says why in one word for people to look up.

    *call* is what was asked and answered, where something was; *left* holds the sentences that were complete
    when the answer broke off, if any were.
    """

    def __init__(self, code: str, call: ModelCall | None = None, left: Draft | None = None) -> None:
        super().__init__(code)
        self.code, self.call, self.left = code, call, left


class CutShort(asyncio.CancelledError):
    """Whoever waited for a model gave up; *call* and *left* are what had come of it until then."""

    def __init__(self, call: ModelCall, left: Draft) -> None:
        super().__init__()
        self.call, self.left = call, left


Hear = Callable[[Claim], Awaitable[None]]
"""Is told every sentence of an answer as it comes, unverified."""


class Assistant(Protocol):
    """A language model without tools or authority; what it says is verified before anybody sees it.

    Cancelled while it writes, it raises CutShort if anything had come by then.
    """

    async def summarise(self, record: DonorRecord, facts: DonorFacts, hear: Hear | None = None) -> Draft:
        """Draft a summary, telling *hear* sentence by sentence; raises AssistantUnavailable."""
        ...

    async def recommend(
        self, record: DonorRecord, facts: DonorFacts, event: CrmEvent | None, proposal: Proposal
    ) -> Draft:
        """Draft the reasons for *proposal*, whose action it cannot change; raises AssistantUnavailable."""
        ...

    async def triage(
        self,
        record: DonorRecord,
        facts: DonorFacts,
        event: CrmEvent | None,
        proposal: Proposal,
        message: str = "",
    ) -> Draft:
        """Draft what whoever deals with it should know, and say how pressing it is.

        *message* is what a colleague passed on. Raises AssistantUnavailable.
        """
        ...

    async def answer(
        self, record: DonorRecord, facts: DonorFacts, question: str, hear: Hear | None = None
    ) -> Draft:
        """Draft an answer to a colleague's *question*, telling *hear*; raises AssistantUnavailable."""
        ...


class RulesInForce(Protocol):
    """The policy that rules, as the database says within *tx*: never an older answer than the facts."""

    def current(self, tx: Transaction) -> CompiledPolicy:
        """Return the policy in force; when that cannot be read, one that allows nothing."""
        ...

    def version(self, tx: Transaction, version: str) -> CompiledPolicy | None:
        """Return any stored version; None when it is not there or cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class DaysOff:
    """The public holidays of a country: *weekend* in ISO weekdays, *worked* weekends that are made up for."""

    weekend: frozenset[int]
    closed: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()


class Holidays(Protocol):
    """The public holidays of the world; which country exists is checked when the settings are read."""

    def days_off(self, country: str, subdivision: str | None, years: range) -> DaysOff:
        """Return the holidays of a country, and of a part of it, in those years."""
        ...


class EventStream(Protocol):
    """Where published CloudEvents go."""

    async def publish(self, event: str) -> None:
        """Append one CloudEvent, given as JSON; raises Unavailable."""
        ...


class CheckpointStore(Protocol):
    """Where signed checkpoints are kept outside of the database."""

    async def keep(self, size: int, note: str, vkeys: str) -> tuple[str, ...]:
        """Keep *note*, with the keys that verify it; return the places that failed."""
        ...

    async def roots(self, keys: tuple[VerifierKey, ...]) -> tuple[KnownRoot, ...]:
        """Return what the checkpoints that are kept state, as far as one of *keys* signed them."""
        ...


class Clock(Protocol):
    """The time, aware and in UTC."""

    def now(self) -> datetime:
        """Return the present instant."""
        ...


class Ids(Protocol):
    """A source of sortable, unguessable ids."""

    def new(self) -> str:
        """Return a fresh id."""
        ...
