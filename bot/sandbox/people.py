"""The fictional staff of the Harbour Light Foundation, known to the simulated Slack and CRM alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["fundraiser", "owner", "manager", "compliance", "admin", "steward", "guest", "external"]

TEAM_ID = "T0HARBOUR"
TEAM_NAME = "Harbour Light Foundation"
TEAM_DOMAIN = "harbour-light"
BOT_USER_ID = "U0CSIGN00"
BOT_ID = "B0CSIGN00"
APP_ID = "A0CSIGN00"


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff; *slack_id* is None without a Slack account, *staff_id* is None outside the CRM."""

    name: str
    email: str
    role: Role
    title: str
    time_zone: str
    slack_id: str | None
    staff_id: str | None


PEOPLE: tuple[Person, ...] = (
    Person(
        "Fiona Reyes",
        "fiona.reyes@harbourlight.example",
        "fundraiser",
        "Annual giving officer",
        "America/New_York",
        "U0FIONA00",
        "staff-fiona",
    ),
    Person(
        "Felix Baum",
        "felix.baum@harbourlight.example",
        "fundraiser",
        "Gift officer, Europe",
        "Europe/Berlin",
        "U0FELIX00",
        "staff-felix",
    ),
    Person(
        "Olivia Hart",
        "olivia.hart@harbourlight.example",
        "owner",
        "Major gifts officer",
        "America/New_York",
        "U0OLIVIA0",
        "staff-olivia",
    ),
    Person(
        "Omar Haddad",
        "omar.haddad@harbourlight.example",
        "owner",
        "Principal gifts officer",
        "America/Chicago",
        "U0OMAR000",
        "staff-omar",
    ),
    Person(
        "Mara Lindqvist",
        "mara.lindqvist@harbourlight.example",
        "manager",
        "Director of development",
        "America/New_York",
        "U0MARA000",
        "staff-mara",
    ),
    Person(
        "Carmen Diaz",
        "carmen.diaz@harbourlight.example",
        "compliance",
        "Compliance officer",
        "America/New_York",
        "U0CARMEN0",
        "staff-carmen",
    ),
    Person(
        "Adam Novak",
        "adam.novak@harbourlight.example",
        "admin",
        "IT, two days a week",
        "America/New_York",
        "U0ADAM000",
        "staff-adam",
    ),
    Person(
        "Dana Whitfield",
        "dana.whitfield@harbourlight.example",
        "steward",
        "Data steward",
        "America/New_York",
        "U0DANA000",
        "staff-dana",
    ),
    # A relationship manager who left: still named as owner in the CRM, without a Slack account.
    Person(
        "Petra Long",
        "petra.long@harbourlight.example",
        "owner",
        "Gift officer (left in spring)",
        "America/New_York",
        None,
        "staff-petra",
    ),
    Person(
        "Gus Guest",
        "gus@agency.example",
        "guest",
        "Agency copywriter (guest)",
        "America/New_York",
        "U0GUEST00",
        None,
    ),
    Person(
        "Ellis Ext",
        "ellis@partner.example",
        "external",
        "Partner charity (Slack Connect)",
        "Europe/London",
        "U0EXTERN0",
        None,
    ),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of the simulated workspace; *members* are Slack user ids, the bot's included."""

    id: str
    name: str
    topic: str
    members: tuple[str, ...]
    is_private: bool = False
    is_ext_shared: bool = False


_EVERYBODY = tuple(p.slack_id for p in PEOPLE if p.slack_id and p.role not in ("guest", "external"))

CHANNELS: tuple[Channel, ...] = (
    Channel("C0GENERAL", "general", "Everything that concerns everybody", (*_EVERYBODY, BOT_USER_ID)),
    Channel(
        "C0OLIVIA0",
        "portfolio-olivia",
        "Decisions waiting for Olivia",
        ("U0OLIVIA0", "U0MARA000", BOT_USER_ID),
    ),
    Channel(
        "C0OMAR000", "portfolio-omar", "Decisions waiting for Omar", ("U0OMAR000", "U0MARA000", BOT_USER_ID)
    ),
    Channel(
        "C0DESK000",
        "donor-desk",
        "Review queue: donors whose owner has no channel",
        (*_EVERYBODY, BOT_USER_ID),
    ),
    Channel("C0FUNDRAS", "fundraising", "Day-to-day fundraising", (*_EVERYBODY, BOT_USER_ID)),
    Channel(
        "C0MANAGER",
        "fundraising-managers",
        "Weekly digests",
        ("U0MARA000", "U0CARMEN0", "U0OLIVIA0", "U0OMAR000", BOT_USER_ID),
        is_private=True,
    ),
    Channel(
        "C0OPS0000",
        "countersign-ops",
        "What the bot reports about itself",
        ("U0ADAM000", "U0CARMEN0", BOT_USER_ID),
        is_private=True,
    ),
    Channel(
        "C0DATA000",
        "donor-data",
        "Records to put right",
        ("U0DANA000", "U0MARA000", "U0ADAM000", BOT_USER_ID),
    ),
    Channel(
        "C0GOVERN0",
        "policy-governance",
        "Where changes of the rules are decided",
        ("U0ADAM000", "U0CARMEN0", "U0MARA000", BOT_USER_ID),
        is_private=True,
    ),
    Channel(
        "C0PARTNER",
        "partner-appeal",
        "Shared with a partner charity",
        (*_EVERYBODY, "U0EXTERN0", BOT_USER_ID),
        is_ext_shared=True,
    ),
)
