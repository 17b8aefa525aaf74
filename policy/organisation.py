"""What an organisation settles once: its calendar, thresholds, channels, roles and schedules."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, field_validator, model_validator

from policy.decision_facts import ActionKind, Capability
from policy.digest import DigestKind
from policy.digest_periods import PeriodUnit
from policy.donor import Channel
from policy.money import CURRENCY_CODE, Money
from policy.reminders import ReminderSettings
from policy.retention import DEFAULT_RETENTION, RetentionRule
from policy.value import Value

WeekdayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[WeekdayName, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
StartHour = Annotated[int, Field(ge=0, le=23)]
EndHour = Annotated[int, Field(ge=1, le=24)]
Threshold = Annotated[int, Field(ge=1)]


def currency_code(code: str) -> str:
    """Return an ISO 4217 code; raises ValueError when it is not spelled as one."""
    if not re.fullmatch(CURRENCY_CODE, code):
        raise ValueError(f"{code!r} is no currency; write three capital letters like USD")
    return code


Currency = Annotated[str, AfterValidator(currency_code)]


def known_zone(name: str) -> str:
    """Return the name of a time zone; raises ValueError when there is none of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone is called {name!r}; write it like Europe/Berlin") from None
    return name


class HolidaySettings(Value):
    """Whose public holidays are kept: an ISO 3166 *country*, a *subdivision* of it, and *closed_days*."""

    country: str | None = None
    subdivision: str | None = None
    closed_days: tuple[date, ...] = ()


class Person(Value):
    """A member of staff with the roles that count when a decision needs more than the owner.

    *reports_to* is the e-mail address of whoever decides when this person passes a decision on. What they
    leave out of their working time is as in the organisation; their time zone is the one in Slack. Digests
    can be of one *team*.
    """

    email: str
    roles: tuple[str, ...] = ()
    team: str | None = None
    channel: str | None = None
    reports_to: str | None = None
    holidays: HolidaySettings | None = None
    working_days: Annotated[tuple[WeekdayName, ...], Field(min_length=1)] | None = None
    working_day_start_hour: StartHour | None = None
    working_day_end_hour: EndHour | None = None
    summaries_before_meetings: bool = True


class DigestSchedule(Value):
    """When a digest is delivered, where, and which period it looks back on.

    *cron* has five fields with names for weekdays ("0 8 * * mon") in *time_zone*, else the organisation's;
    *every_minutes* is for a fast clock. *team* leaves out everybody else's figures. The period is the last so
    many *days*, or the last whole week, month, fiscal quarter or fiscal year, and is compared with the one
    before it. *fiscal_year_start_month* is the organisation's if left out.
    """

    id: str
    channel: str
    kind: DigestKind = DigestKind.ADOPTION
    team: str | None = None
    cron: str | None = None
    every_minutes: Annotated[int, Field(ge=1)] | None = None
    time_zone: str | None = None
    period: PeriodUnit = "days"
    days: Annotated[int, Field(ge=1, le=366)] = 7
    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)] | None = None

    @model_validator(mode="after")
    def comes_at_some_time(self) -> Self:
        """Refuse a digest that says nothing of when it comes."""
        if self.cron is None and self.every_minutes is None:
            raise ValueError(f'the digest {self.id} needs a time, for example cron: "0 8 * * mon"')
        return self

    @field_validator("time_zone")
    @classmethod
    def zone_exists(cls, name: str | None) -> str | None:
        """Refuse a time zone nobody knows."""
        return None if name is None else known_zone(name)

    @field_validator("cron")
    @classmethod
    def weekdays_by_name(cls, cron: str | None) -> str | None:
        """Refuse numbered weekdays: schedulers disagree on whether 1 is Monday."""
        if cron and any(c.isdigit() for c in cron.split()[-1]):
            raise ValueError("write the weekday by name, for example mon or mon-fri")
        return cron


class BlackoutPeriod(Value):
    """Days on which nobody is contacted, at the donor's place; *first_day_after* is open again."""

    name: str
    first_day: date
    first_day_after: date
    channels: tuple[Channel, ...] = ()
    asks_only: bool = False

    @model_validator(mode="after")
    def has_days(self) -> Self:
        """Refuse a period that is over before it begins."""
        if self.first_day_after <= self.first_day:
            raise ValueError(f"first_day_after of the blackout {self.name} must be later than its first_day")
        return self


class CampaignAudience(Value):
    """Whom a campaign is for, by CRM campaign id and segment; the CRM itself does not say."""

    campaign_id: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Organisation(Value):
    """The organisation's settings; channels are Slack channel ids or names with a leading #.

    *major_gift_minor* is in minor units (cents) of *home_currency*, and *major_gift_minor_in* of the currency
    it stands under; a sum in any other currency counts as major, since nobody said what is large in it.
    Above *cards_per_day* in one channel, what is not urgent is listed in one message every *grouping_hours*.
    Actions of *bulk_kinds* may be approved several at a time, each checked beforehand with *bulk_checked*.
    *governance_channel* is where changes of the rules are decided; without it, the operations channel.
    What needs somebody today is to be decided within *decision_days_when_pressing*.
    After its deadline a decision is passed on once (*escalate*), for *decision_days_when_passed_on* working
    days, or runs out (*expire*). *data_steward* (an e-mail address) and *data_channel* are for records that
    are sent back to be put right. *decided_elsewhere* names the place for what policy does not let be decided
    in Slack; its address may hold {donor_id} and is the donor's record if left out. A donor with one of
    *owner_hold_tags* in the CRM is left to the owner. A campaign without an entry in *audiences* is for all.
    *capability_owners* are the e-mail addresses of those who answer for what the AI may do; else admins do.
    *dashboard_url* is where people reach this service's `/dashboard`. *minutes_by_hand* is what a summary and
    a decision took before, as somebody measured it.
    """

    name: str = "Our organisation"
    time_zone: str = "UTC"
    home_currency: Currency = "USD"
    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)] = 7
    definition_family: Literal["fiscal_year", "rolling"] = "fiscal_year"
    major_gift_minor: Threshold = 1_000_000
    major_gift_minor_in: dict[Currency, Threshold] = Field(default_factory=dict)
    acknowledgement_sla_hours: Annotated[int, Field(ge=1)] = 48
    cards_per_day: Annotated[int, Field(ge=1, le=500)] = 8
    grouping_hours: Annotated[int, Field(ge=1, le=72)] = 3
    bulk_kinds: tuple[ActionKind, ...] = ("create_task", "record_acknowledgement")
    bulk_checked: bool = False
    decision_days: Annotated[int, Field(ge=1, le=90)] = 5
    decision_days_when_pressing: Annotated[int, Field(ge=1, le=90)] = 1
    holidays: HolidaySettings = HolidaySettings()
    working_days: Annotated[tuple[WeekdayName, ...], Field(min_length=1)] | None = None
    working_day_start_hour: StartHour = 9
    working_day_end_hour: EndHour = 17
    reminders: ReminderSettings = ReminderSettings()
    cleanup_days: Annotated[int, Field(ge=1, le=60)] = 3
    after_deadline: Literal["escalate", "expire"] = "escalate"
    decision_days_when_passed_on: Annotated[int, Field(ge=1, le=90)] = 2
    summaries_before_meetings: bool = True
    undo_days: Annotated[int, Field(ge=1, le=366)] = 30
    rollout_phase: Annotated[int, Field(ge=1, le=3)] = 2
    review_channel: str
    operations_channel: str | None = None
    governance_channel: str | None = None
    data_steward: str | None = None
    data_channel: str | None = None
    people: tuple[Person, ...] = ()
    capability_owners: dict[Capability, str] = Field(default_factory=dict)
    digests: tuple[DigestSchedule, ...] = ()
    blackouts: tuple[BlackoutPeriod, ...] = ()
    quiet_hours: tuple[StartHour, Annotated[int, Field(ge=0, le=24)]] | None = None
    owner_hold_tags: tuple[str, ...] = ("owner-hold",)
    audiences: tuple[CampaignAudience, ...] = ()
    crm_record_url: str | None = None
    crm_item_url: str | None = None
    decided_elsewhere: str = "the CRM"
    decided_elsewhere_url: str | None = None
    dashboard_url: str | None = None
    checkpoint_channel: str | None = None
    checkpoint_minutes: Annotated[int, Field(ge=5, le=1440)] = 60
    retention: tuple[RetentionRule, ...] = DEFAULT_RETENTION
    minutes_by_hand: dict[Literal["summary", "decision"], Annotated[int, Field(ge=0, le=480)]] = Field(
        default_factory=dict
    )
    model_price_per_million_tokens_minor: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def everybody_reports_upwards(self) -> Self:
        """Refuse a chain of reports_to that leads back to where it began, or to somebody not listed."""
        for person in self.people:
            self._follow_chain(person)
        return self

    def _follow_chain(self, person: Person) -> None:
        seen, current = [person.email], person
        while current.reports_to:
            above = self.person(current.reports_to)
            if above is None:
                raise ValueError(
                    f"{current.email} reports to {current.reports_to}, who is not among the people listed"
                )
            seen.append(above.email)
            if above.email.casefold() in {email.casefold() for email in seen[:-1]}:
                raise ValueError(
                    f"reports_to goes round in a circle ({' -> '.join(seen)}); somebody must be the last"
                )
            current = above

    def person(self, email: str) -> Person | None:
        """Return the person with this e-mail address, if they are listed."""
        return next((p for p in self.people if p.email.casefold() == email.casefold()), None)

    def chain_above(self, email: str) -> tuple[Person, ...]:
        """Return whom somebody reports to, whom they report to, and so on; empty for who is not listed."""
        above: list[Person] = []
        current = self.person(email)
        while current and current.reports_to and (current := self.person(current.reports_to)):
            above.append(current)
        return tuple(above)

    @field_validator("time_zone")
    @classmethod
    def time_zone_exists(cls, name: str) -> str:
        """Refuse a time zone nobody knows."""
        return known_zone(name)

    @model_validator(mode="after")
    def one_threshold_per_currency(self) -> Self:
        """Refuse a second threshold for the home currency."""
        if self.home_currency in self.major_gift_minor_in:
            raise ValueError(
                f"major_gift_minor is the threshold in {self.home_currency}; "
                f"leave {self.home_currency} out of major_gift_minor_in"
            )
        return self

    @model_validator(mode="after")
    def days_end_after_they_start(self) -> Self:
        """Refuse a working day that ends before it starts, for anybody."""
        for person in (None, *self.people):
            start, end = self.hours_of(person)
            if end <= start:
                whose = f" of {person.email}" if person else ""
                raise ValueError(f"the working day{whose} must end after it starts ({start} to {end})")
        return self

    def hours_of(self, person: Person | None) -> tuple[int, int]:
        """Return when the working day of *person* starts and ends, in hours of their local day."""
        start, end = self.working_day_start_hour, self.working_day_end_hour
        if person and person.working_day_start_hour is not None:
            start = person.working_day_start_hour
        if person and person.working_day_end_hour is not None:
            end = person.working_day_end_hour
        return start, end

    @model_validator(mode="after")
    def digests_are_of_teams_there_are(self) -> Self:
        """Refuse a digest of a team nobody is in, and two of the same name."""
        teams = {person.team for person in self.people}
        for schedule in self.digests:
            if schedule.team is not None and schedule.team not in teams:
                raise ValueError(
                    f"the digest {schedule.id} is of the team {schedule.team}, which nobody is in"
                )
        if len({schedule.id for schedule in self.digests}) < len(self.digests):
            raise ValueError("two digests have the same id")
        return self

    def team(self, name: str | None) -> tuple[Person, ...]:
        """Return who is in a team; everybody listed when it has no name."""
        return self.people if name is None else tuple(p for p in self.people if p.team == name)

    @property
    def major_gift_thresholds(self) -> tuple[Money, ...]:
        """From which sum on a gift is major, in every currency with a threshold, the home currency first."""
        known = {self.home_currency: self.major_gift_minor} | self.major_gift_minor_in
        return tuple(Money(minor=minor, currency=code) for code, minor in known.items())

    @property
    def operations(self) -> str:
        """The channel in which the bot reports about itself."""
        return self.operations_channel or self.review_channel

    @property
    def governance(self) -> str:
        """The channel in which changes of the rules are decided."""
        return self.governance_channel or self.operations

    def roles_of(self, email: str) -> tuple[str, ...]:
        """Return the roles of the person with this e-mail address."""
        return next((p.roles for p in self.people if p.email.casefold() == email.casefold()), ())

    def people_in(self, role: str) -> tuple[Person, ...]:
        """Return the people who have *role*."""
        return tuple(person for person in self.people if role in person.roles)

    def channel_of(self, email: str) -> str | None:
        """Return the channel somebody wants their decisions in, if they have one of their own."""
        return next((p.channel for p in self.people if p.email.casefold() == email.casefold()), None)
