"""The world outside as handlers know it, kept in memory and strict about what the real one refuses.

The CRM hands out version tokens and refuses a stale one, keeps what it wrote under a key, and may lose its
answer after writing. Slack refuses to update a message it does not have, and may lose its answer to a post.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from handlers.commands import ReplyAddress
from handlers.outcomes import (
    CardStatus,
    CleanupShown,
    EscalationCard,
    HomeShown,
    Notice,
    Outcome,
    PolicyCard,
    Window,
)
from handlers.ports import (
    Colleague,
    CrmReceipt,
    DonorUnknown,
    MessageRef,
    OutcomeUnknown,
    PerhapsTwice,
    Refused,
    ShownCard,
    StaleRecord,
    Twin,
    Unavailable,
)
from policy.actions import Action, FieldChange, UpdateStage
from policy.chart_words import in_words
from policy.decide import CompiledPolicy
from policy.digest import Chart
from policy.donor import (
    Campaign,
    Consent,
    Donor,
    DonorMatch,
    DonorRecord,
    Gift,
    Household,
    Interaction,
    Note,
    PlannedMeeting,
    RecurringGift,
    StaffMember,
)
from policy.undoing import ChangedSince, Difference, TakenBack
from storage.transaction import Transaction

Health = Literal["well", "down", "loses answers", "loses requests"]


@dataclass
class HandClock:
    """Time that passes when a test says so."""

    moment: datetime = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def move(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


@dataclass
class NumberedIds:
    """Ids in order: 000001, 000002, ..."""

    last: int = 0

    def new(self) -> str:
        self.last += 1
        return f"{self.last:06d}"


@dataclass(frozen=True)
class Written:
    """One effect in the CRM, with the donor as it was before."""

    key: str
    actor: str
    action: Action
    before: Donor


SOMETHING_ELSE = Difference(record="record", field="Title", before="none", written="this", now="that")


def _stage_moved_on(donor: Donor, effect: Written) -> Difference:
    assert isinstance(effect.action, UpdateStage)
    stages = (effect.before.lifecycle_stage, effect.action.stage, donor.lifecycle_stage)
    before, written, now = (stage.value for stage in stages)
    return Difference(record=donor.id, field="Lifecycle stage", before=before, written=written, now=now)


@dataclass
class FakeCrm:
    """Donors with their gifts, and everything that was ever written."""

    clock: HandClock
    staff: tuple[StaffMember, ...]
    donors: dict[str, Donor] = field(default_factory=dict)
    gifts: list[Gift] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    recurring: list[RecurringGift] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    meetings: list[PlannedMeeting] = field(default_factory=list)
    interactions: list[Interaction] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    gaps: tuple[str, ...] = ()
    written: list[Written] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    taken_back: set[str] = field(default_factory=set)
    health: Health = "well"
    stale_next: int = 0
    asked_for: list[str] = field(default_factory=list)

    def add(self, donor: Donor) -> None:
        self.donors[donor.id] = donor

    def change(self, donor_id: str, **fields: object) -> None:
        """A colleague edits the record, which gets a new version."""
        donor = self.donors[donor_id]
        version = f"v{int(donor.version[1:]) + 1}"
        self.donors[donor_id] = donor.model_copy(update={**fields, "version": version})

    async def search(self, text: str, limit: int) -> tuple[DonorMatch, ...]:
        self._reachable()
        found = [d for d in self.donors.values() if text in (d.id, d.name)]
        return tuple(DonorMatch(id=d.id, name=d.name) for d in found[:limit])

    async def near(self, text: str) -> tuple[DonorMatch, ...]:
        self._reachable()
        return ()

    async def read(self, donor_id: str) -> DonorRecord:
        self._reachable()
        self.asked_for.append(donor_id)
        donor = self.donors.get(donor_id)
        if donor is None:
            raise DonorUnknown(donor_id)
        household = next((h for h in self.households if donor_id in h.member_ids), None)
        others = household.member_ids if household else ()
        return DonorRecord(
            donor=donor,
            household=household,
            household_members=tuple(self.donors[each] for each in others if each != donor_id),
            recurring_gifts=tuple(g for g in self.recurring if g.donor_id == donor_id),
            read_at=self.clock.now(),
            owner=next((s for s in self.staff if s.id == donor.owner_id), None),
            staff=self.staff,
            gifts=tuple(g for g in self.gifts if g.donor_id == donor_id),
            consents=tuple(c for c in self.consents if c.donor_id == donor_id),
            interactions=tuple(i for i in self.interactions if i.donor_id == donor_id),
            notes=tuple(n for n in self.notes if n.donor_id == donor_id),
            campaigns=tuple(self.campaigns),
            gaps=self.gaps,
        )

    async def campaign(self, campaign_id: str) -> Campaign | None:
        self._reachable()
        return None

    async def planned_meetings(self, start: datetime, end: datetime) -> tuple[PlannedMeeting, ...]:
        self._reachable()
        return tuple(each for each in self.meetings if start <= each.at < end)

    async def staff_by_email(self, email: str) -> StaffMember | None:
        self._reachable()
        return next((s for s in self.staff if s.email == email), None)

    async def execute(self, action: Action, *, key: str, version: str, actor: str) -> CrmReceipt:
        self._reachable()
        donor = self.donors.get(action.donor_id)
        if donor is None:
            raise DonorUnknown(action.donor_id)
        if self.health == "loses requests":
            raise OutcomeUnknown("crm")
        if isinstance(action, UpdateStage):
            self._must_be_fresh(donor, version)
            self.change(donor.id, lifecycle_stage=action.stage)
            self.written.append(Written(key, actor, action, donor))
            self.held[key] = "as written"
        elif key not in self.held:
            self.written.append(Written(key, actor, action, donor))
            self.held[key] = "as written"
        if self.health == "loses answers":
            raise OutcomeUnknown("crm")
        return self._receipt(key)

    async def find(self, action: Action, *, key: str) -> CrmReceipt | None:
        self._reachable()
        known = key in self.held or (isinstance(action, UpdateStage) and self._effect(key) is not None)
        return self._receipt(key) if known else None

    async def undo(
        self, action: Action, *, key: str, ref: str, actor: str, rest: bool = False
    ) -> TakenBack | ChangedSince:
        self._reachable()
        effect = self._effect(key)
        assert effect is not None, "only what was written is taken back"
        if key in self.taken_back:
            return TakenBack(changes=(FieldChange(record=ref, field="Record", before="there", after="gone"),))
        if self.health == "loses requests":
            raise OutcomeUnknown("crm")
        found = self._stage_back(effect) if isinstance(action, UpdateStage) else self._away(key, rest=rest)
        if isinstance(found, TakenBack):
            self.taken_back.add(key)
            if self.health == "loses answers":
                raise OutcomeUnknown("crm")
        return found

    def _effect(self, key: str) -> Written | None:
        return next((written for written in self.written if written.key == key), None)

    def _stage_back(self, effect: Written) -> TakenBack | ChangedSince:
        donor, before = self.donors[effect.action.donor_id], effect.before.lifecycle_stage
        assert isinstance(effect.action, UpdateStage)
        if donor.lifecycle_stage is before:
            self.held.pop(effect.key, None)
            return TakenBack(gone=True)
        if donor.lifecycle_stage is not effect.action.stage:
            return ChangedSince(differences=(_stage_moved_on(donor, effect),))
        self.change(donor.id, lifecycle_stage=before)
        self.held.pop(effect.key, None)
        return TakenBack()

    def _away(self, key: str, *, rest: bool) -> TakenBack | ChangedSince:
        match self.held.get(key), rest:
            case None, _:
                return TakenBack(gone=True)
            case "as written", _:
                del self.held[key]
                return TakenBack()
            case "changed", True:
                self.held[key] = "cancelled"
                return TakenBack()
            case _:
                return ChangedSince(differences=(SOMETHING_ELSE,), rest="cancel the task")

    def edit_record(self, key: str) -> None:
        """A colleague changes what was written under *key*."""
        if key in self.held:
            self.held[key] = "changed"

    def _must_be_fresh(self, donor: Donor, version: str) -> None:
        if self.stale_next:
            self.stale_next -= 1
            raise StaleRecord(donor.id)
        if version != donor.version:
            raise StaleRecord(donor.id)

    def _receipt(self, key: str) -> CrmReceipt:
        number = next(i for i, w in enumerate(self.written) if w.key == key)
        return CrmReceipt(ref=f"record-{number}", changes=(), verified=True)

    def _reachable(self) -> None:
        if self.health == "down":
            raise Unavailable("crm", "no_answer")


@dataclass
class Shown:
    """One card in Slack as it reads now."""

    channel: str
    marker: str
    card: EscalationCard
    status: CardStatus


@dataclass
class FakeLive:
    """An answer as its reader saw it come."""

    at: MessageRef
    steps: list[str]
    said: list[str] = field(default_factory=list)
    is_open: bool = True

    async def step(self, title: str) -> None:
        self.steps.append(title)

    async def say(self, sentences: tuple[str, ...]) -> None:
        self.said += sentences

    async def close(self) -> None:
        self.is_open = False


@dataclass
class FakeChat:
    """People, the cards they see, and what they are told privately."""

    people: tuple[Colleague, ...]
    cards: dict[str, Shown] = field(default_factory=dict)
    cleanups: dict[str, tuple[str, CleanupShown]] = field(default_factory=dict)
    posts: list[tuple[str, str, Outcome]] = field(default_factory=list)
    proposals: list[tuple[str, MessageRef | None, PolicyCard]] = field(default_factory=list)
    whispers: list[tuple[str, Outcome]] = field(default_factory=list)
    live: list[FakeLive] = field(default_factory=list)
    homes: list[tuple[str, HomeShown]] = field(default_factory=list)
    views: list[tuple[str, Window]] = field(default_factory=list)
    files: list[tuple[str, bytes, MessageRef]] = field(default_factory=list)
    health: Health = "well"
    posted: int = 0
    closed_views: set[str] = field(default_factory=set)
    late_views: int = 0
    frozen_messages: set[str] = field(default_factory=set)
    too_large: frozenset[type[Any]] = frozenset()
    archived: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    """Channels for which Slack does not answer."""
    refusing: dict[str, str] = field(default_factory=dict)
    """Channels where Slack takes no more than a notice, with its code for that."""

    async def colleague(self, user_id: str) -> Colleague | None:
        self._reachable()
        return next((p for p in self.people if p.id == user_id), None)

    async def colleague_by_email(self, email: str) -> Colleague | None:
        self._reachable()
        return next((p for p in self.people if p.email == email), None)

    async def direct_channel(self, user_id: str) -> str:
        self._reachable()
        return f"D{user_id}"

    async def is_shared_outside(self, channel: str, *, lately: bool = False) -> bool | None:
        del lately
        self._reachable()
        return None if channel.startswith("CUNTOLD") else channel.startswith("CSHARED")

    async def show_card(
        self,
        card: EscalationCard,
        status: CardStatus,
        at: MessageRef | None,
        channel: str,
        marker: str,
        retry_since: datetime | None,
    ) -> ShownCard:
        self._reachable()
        words = len(f"{card.happened} {card.proposal} {card.proposal_details}".split())
        if (at.channel_id if at else channel) in self.silent:
            raise Unavailable("slack", "unreachable")
        if self.health == "loses requests":
            raise OutcomeUnknown("slack")
        self._taken(at.channel_id if at else channel)
        if at is not None:
            if at.ts not in self.cards:
                raise Refused("slack", "message_not_found")
            if at.ts in self.frozen_messages:
                raise Refused("slack", "cant_update_message")
            self.cards[at.ts] = Shown(at.channel_id, marker, card, status)
            return ShownCard(at, words)
        if retry_since is not None:
            for ts, shown in self.cards.items():
                if (shown.channel, shown.marker) == (channel, marker):
                    return ShownCard(MessageRef(channel, ts), words)
        self.posted += 1
        ts = f"{self.posted}.0"
        self.cards[ts] = Shown(channel, marker, card, status)
        self._answer_may_be_lost()
        return ShownCard(MessageRef(channel, ts), words)

    async def find(self, channel: str, marker: str, since: datetime) -> MessageRef | None:
        del since
        self._reachable()
        there = (ts for ts, shown in self.cards.items() if (shown.channel, shown.marker) == (channel, marker))
        return next((MessageRef(channel, ts) for ts in there), None)

    async def twins(self, of: PerhapsTwice) -> tuple[Twin, ...]:
        there = (ts for ts, shown in self.cards.items() if shown.marker == of.marker)
        return tuple(Twin(MessageRef(of.channel_id, ts), is_answered=False) for ts in there)

    async def take_away(self, outcome: Outcome, twin: Twin) -> str:
        del outcome, self.cards[twin.at.ts]
        return "deleted"

    async def show_cleanup(
        self,
        cleanup: CleanupShown,
        at: MessageRef | None,
        channel: str,
        marker: str,
        retry_since: datetime | None,
    ) -> MessageRef:
        self._reachable()
        self._taken(at.channel_id if at else channel)
        if at is not None and at.ts not in self.cleanups:
            raise Refused("slack", "message_not_found")
        at = at or MessageRef(channel, f"cleanup-{len(self.cleanups) + 1}")
        self.cleanups[at.ts] = (at.channel_id, cleanup)
        return at

    async def show_proposal(
        self,
        card: PolicyCard,
        at: MessageRef | None,
        channel: str,
        marker: str,
        retry_since: datetime | None,
    ) -> MessageRef:
        self._reachable()
        self.proposals.append((channel, at, card))
        return at or MessageRef(channel, f"proposal-{marker}")

    async def post(
        self,
        outcome: Outcome,
        channel: str,
        marker: str,
        retry_since: datetime | None,
        thread_ts: str | None = None,
    ) -> MessageRef:
        self._reachable()
        if channel in self.archived:
            raise Refused("slack", "is_archived")
        if not isinstance(outcome, Notice):
            self._taken(channel)
        if retry_since is None or not any(m == marker for _, m, _ in self.posts):
            self.posts.append((channel, marker, outcome))
            self._answer_may_be_lost()
        return MessageRef(channel, f"post-{marker}")

    async def revise(self, outcome: Outcome, at: MessageRef, marker: str) -> None:
        self._reachable()
        self._taken(at.channel_id)
        self.posts = [(c, m, outcome if m == marker else o) for c, m, o in self.posts]

    async def share_file(
        self, name: str, content: bytes, thread: MessageRef, retry_since: datetime | None
    ) -> None:
        self._reachable()
        if retry_since is None or not any(each[0] == name for each in self.files):
            self.files.append((name, content, thread))
            self._answer_may_be_lost()

    async def share_chart(
        self, name: str, chart: Chart, thread: MessageRef, retry_since: datetime | None
    ) -> None:
        await self.share_file(name, in_words(chart).encode(), thread, retry_since)

    async def permalink(self, at: MessageRef) -> str:
        self._reachable()
        return f"https://slack.example/{at.channel_id}/{at.ts}"

    async def answer(
        self, outcome: Outcome, to: ReplyAddress, _marker: str, _retry_since: datetime | None
    ) -> None:
        self._reachable()
        if type(outcome) in self.too_large:
            raise Refused("slack", "invalid_blocks")
        self.whispers.append((to.user_id, outcome))

    async def go_live(
        self, to: ReplyAddress, stop_id: str, first_step: str, *, again: bool = False
    ) -> FakeLive | None:
        if again:
            return next((live for live in self.live if live.at.ts == f"live-{stop_id}"), None)
        self.live.append(FakeLive(MessageRef(to.channel_id, f"live-{stop_id}"), [first_step]))
        return self.live[-1]

    async def replace(self, outcome: Outcome, at: MessageRef) -> None:
        self._reachable()
        marker = at.ts.removeprefix("post-")
        if any(m == marker for _, m, _ in self.posts):
            self.posts = [(c, m, outcome if m == marker else o) for c, m, o in self.posts]
            return
        if self.cards.pop(at.ts, None) is None and self.cleanups.pop(at.ts, None) is None:
            raise Refused("slack", "message_not_found")
        self.posts.append((at.channel_id, f"replaced:{at.ts}", outcome))

    async def publish_home(self, user_id: str, home: HomeShown) -> None:
        self._reachable()
        self.homes.append((user_id, home))

    async def fill_view(self, view_id: str, shown: Window) -> None:
        self._reachable()
        if view_id in self.closed_views:
            raise Refused("slack", "not_found")
        if type(shown) in self.too_large:
            raise Refused("slack", "view_too_large")
        self.views.append((view_id, shown))

    async def fill_named_view(self, name: str, shown: Window) -> None:
        if self.late_views:
            self.late_views -= 1
            raise Refused("slack", "not_found")
        await self.fill_view(name, shown)

    def _taken(self, channel: str) -> None:
        if code := self.refusing.get(channel):
            raise Refused("slack", code)

    def _reachable(self) -> None:
        if self.health == "down":
            raise Unavailable("slack", "unreachable")

    def _answer_may_be_lost(self) -> None:
        if self.health == "loses answers":
            raise OutcomeUnknown("slack")


@dataclass(frozen=True)
class FixedRules:
    """One policy; *compiled* may be exchanged through the function."""

    compiled: Callable[[], CompiledPolicy]

    def current(self, tx: Transaction) -> CompiledPolicy:
        return self.compiled()

    def version(self, tx: Transaction, version: str) -> CompiledPolicy | None:
        return self.compiled() if self.compiled().version == version else None
