"""What we did about a donor, told to the donor: plain, dated, the same every time, and without a model.

Every sentence is one of those written here. Of what the audit recorded only kinds, dates, the kind of action
and whether a language model took part are looked at: no amounts, ratings, notes, names of staff or of other
people can get into the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any

from policy.changes import spell_date

MOST_MATTERS = 20

TRIGGERS = {
    "donation.received": "we received a gift from you",
    "meeting.completed": "we noted a meeting with you",
    "reply.received": "you wrote to us",
    "pledge.renewed": "you renewed a pledge",
    "note.added": "your record with us was added to",
    "email.opened": "our system noted that you opened an e-mail from us",
    "donor.updated": "your record with us was changed",
}
ACTIONS = {
    "create_task": "that a member of staff does something for you, such as calling to thank you",
    "schedule_follow_up": "that a member of staff gets in touch with you",
    "add_note": "adding a line to your record",
    "record_acknowledgement": "recording that you were thanked",
    "update_stage": "a change in how your record is looked after",
    "add_to_segment": "including you in a mailing or invitation list",
    "remove_from_segment": "taking you off a mailing or invitation list",
    "suppress_channel": "that we stop using one of the ways we contact you",
    "assign_owner": "a change of who looks after your record",
    "draft_message": "a draft of a message, for a member of staff to check and send",
}
STEPS = {
    "escalation.approved": "On {day} a member of staff decided that it should be done.",
    "escalation.allowed": "On {day} our written rules allowed it without asking anybody.",
    "escalation.edited": "On {day} a member of staff changed the suggestion.",
    "escalation.declined": "On {day} a member of staff decided against it, and nothing was done.",
    "escalation.sent_back": "On {day} a member of staff asked for your record to be checked first.",
    "escalation.expired": "By {day} nobody had decided, and nothing was done.",
    "escalation.withdrawn": "On {day} it was withdrawn, and nothing was done.",
    "action.executed": "On {day} it was entered in our donor records.",
    "action.stopped": "On {day} it was stopped, and nothing was changed.",
    "action.undone": "On {day} it was undone again.",
}
LOOKED = {
    "summary.generated": "A member of staff read a short summary of your record",
    "timeline.shown": "A member of staff read the recent history of your giving and our contact",
}
OUTCOMES = {
    "deny": "Our written rules did not allow it, and nothing was done.",
    "require_approval": "Our written rules ask for a person to decide.",
    "allow": "",
}
NOTHING = "Nothing is recorded that was suggested or done about you with this software."
EARLIER = "Earlier suggestions: {count}."
SOFTWARE = (
    "These suggestions come from software that reads our donor records. It never writes to you, and it "
    "decides nothing that has legal or similarly significant effects for you."
)
MODEL = (
    "Where a language model took part it worded reasons or a summary; it saw selected fields of your record "
    "under a stand-in for your name, and every figure was checked against our records before anybody read it."
)
RIGHTS = (
    "You may ask for a copy of your data, have it corrected or erased, and object to this use of it at any "
    "time."
)
DISCLOSURE = (SOFTWARE, MODEL, RIGHTS)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One entry of the audit: what kind, when, part of which matter, and its payload (None once removed)."""

    kind: str
    at: datetime
    matter: str
    payload: Mapping[str, Any] | None


def explain_to_donor(entries: Iterable[Recorded], zone: tzinfo) -> tuple[str, ...]:
    """Return what was suggested and done, one matter after the other, then who read what; dates in *zone*."""
    known = list(entries)
    matters = [told for matter in _matters(known) if (told := _matter(matter, zone))]
    shown = matters[-MOST_MATTERS:]
    earlier = len(matters) - len(shown)
    lines = [EARLIER.format(count=earlier)] if earlier else []
    lines += [*shown, *_readings(known, zone)]
    return tuple(lines) or (NOTHING,)


def _matters(entries: list[Recorded]) -> list[list[Recorded]]:
    """Sort entries by matter; matters in the order in which they began."""
    first: dict[str, int] = {}
    for place, entry in enumerate(entries):
        first.setdefault(entry.matter, place)
    ordered = sorted(entries, key=lambda entry: first[entry.matter])
    return [list(matter) for _, matter in groupby(ordered, key=lambda entry: entry.matter)]


def _matter(entries: list[Recorded], zone: tzinfo) -> str:
    sentences: list[str] = []
    for entry in entries:
        day = spell_date(entry.at.astimezone(zone).date())
        if entry.kind == "recommendation.decided":
            sentences += _suggested(entry.payload, day)
        elif entry.kind in STEPS:
            sentences.append(STEPS[entry.kind].format(day=day))
    return " ".join(sentences)


def _suggested(payload: Mapping[str, Any] | None, day: str) -> list[str]:
    if payload is None:
        return [f"On {day} our software suggested something; the details are no longer kept."]
    recommendation = payload["recommendation"]
    trigger = TRIGGERS.get(payload["event"]["type"], "something was recorded about you")
    action = ACTIONS.get(recommendation["action"]["kind"], "a next step")
    wrote = (
        "with the help of a language model" if recommendation["origin"]["kind"] == "model" else "without AI"
    )
    outcome = OUTCOMES.get(payload["decision"]["outcome"], "")
    suggested = (
        f"On {day}, after {trigger}, our software suggested {action}. Its reasons were worded {wrote}."
    )
    return [suggested, outcome] if outcome else [suggested]


def _readings(entries: list[Recorded], zone: tzinfo) -> list[str]:
    found = []
    for kind, sentence in LOOKED.items():
        days = [entry.at.astimezone(zone).date() for entry in entries if entry.kind == kind]
        if len(days) == 1:
            found.append(f"{sentence} on {spell_date(days[0])}.")
        elif days:
            between = f"between {spell_date(min(days))} and {spell_date(max(days))}"
            found.append(f"{sentence} {len(days)} times {between}.")
    return found
