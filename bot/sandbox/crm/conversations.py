"""What fundraisers write down: notes, calls, meetings, letters, and what donors write back."""

from __future__ import annotations

from random import Random

from .model import InteractionKind, NoteCategory

_PROGRAMMES = (
    "the boatbuilding apprentices",
    "the reading room",
    "the family shelter",
    "the scholarship fund",
    "the lighthouse",
    "the rowing club for beginners",
    "the winter lunches",
)
_RELATIVES = (
    "her daughter",
    "his son",
    "the grandchildren",
    "an aunt in Halifax",
    "her late husband",
    "his partner",
    "the twins",
    "a brother who sails",
    "their goddaughter",
)
_PASTIMES = (
    "keeps bees",
    "sings in the cathedral choir",
    "restores clocks",
    "swims in the harbour until November",
    "collects sea charts",
    "bakes for half the street",
    "writes a column for the island paper",
    "grows dahlias for the county show",
    "repairs radios",
    "walks the coast path every spring",
)
_HABITS = (
    "Prefers letters; answers e-mail once a month.",
    "Call before nine or not at all.",
    "Never on Fridays.",
    "Likes to see figures first, photographs second.",
    "Hates being called a philanthropist.",
    "Always asks who else is giving.",
    "Wants to be thanked by an apprentice, not by the office.",
    "Decides at Christmas, together with the family.",
)
_WEALTH = (
    "Sold the family firm last year; the lawyer says there will be a foundation.",
    "Retires in summer. Expects the gifts to become smaller.",
    "Mentioned appreciated shares and asked who handles them here.",
    "Inherited a house on the point and would rather not keep it.",
    "Two children at university; wants to be asked again in three years.",
)
_FAMILY = (
    "Became a grandparent in March; the photograph was the first thing on the table.",
    "Lost {relative} in the winter. Sent a card; no asks before spring.",
    "Moving closer to {relative} next year, so the visits will be by video.",
    "Wedding of {relative} in September; do not call that month.",
)
_GENERAL = (
    "Came to us through {relative} and stayed because of {programme}. {habit}",
    "{pastime_cap} and tells everybody about {programme}. {habit}",
    (
        "Visited {programme} with {relative}. Asked good questions about what happens after the "
        "first year. {habit}"
    ),
    "Met at the open day: {pastime}, knows our work through {relative}. {habit}",
    "Would give more for {programme} if the reports were shorter. {habit}",
    "Read our letter aloud to {relative}. Wants to know what became of {programme}.",
)
_MEETINGS = (
    (
        "Visit to {programme}",
        (
            "Walked through together with {relative}. Moved by what the young people said. Next "
            "step: a short proposal."
        ),
    ),
    (
        "Coffee downtown",
        "Talked about {relative} more than about money, and that was right. Interested in {programme}.",
    ),
    (
        "Lunch at the ferry landing",
        "Likes {programme}, doubts our overheads. Promised the audited accounts by the end of the month.",
    ),
    (
        "Annual conversation",
        "Happy with the reports. Would consider a pledge over three years if {relative} agrees.",
    ),
    (
        "First conversation",
        "Curious rather than ready. {pastime_cap}. Wants to see {programme} with open eyes.",
    ),
)
_CALLS = (
    ("Thank-you call", "Reached on the second try. Pleased that somebody rang. Asked after {programme}."),
    (
        "Call about the report",
        "Had read it with {relative}. Wants fewer pictures of boats and more of people.",
    ),
    ("Voicemail", "Left a message; no need to call back."),
    ("Call before year-end", "Will decide after talking to {relative}. Leaning towards {programme}."),
)
_LETTERS = (
    ("Autumn letter from the harbour", "The season in pictures, with a paragraph by hand about {programme}."),
    ("Handwritten thank-you", "From one of the people of {programme}."),
    ("Invitation to the open day", "With a note that {relative} is welcome too."),
)
_APPEALS = (
    ("Year-end appeal", "Asked for a gift at last year's level, for {programme}."),
    ("Spring appeal", "Asked to help with {programme} before the summer."),
)
_EVENTS = (
    ("Harbour Gala", "Sat at table {table}. Bid on the chart of the bay and laughed about it."),
    ("Open day at the lighthouse", "Came with {relative}, stayed for the whole tour."),
)
_REPLIES = (
    ("Re: Autumn letter", "Thank you, it made my week. Please greet everybody at {programme}."),
    ("Re: Year-end appeal", "We have had a costly year. I will do what I can, but it will be less."),
    ("Re: Your visit", "It was good to see where the money goes. {relative_cap} is still talking about it."),
    ("Re: Invitation", "I cannot come this time. Next year I will bring {relative}."),
)
_OPENED = (("Opened: Autumn letter from the harbour", ""), ("Opened: News from the workshop", ""))
_CONTACTS: dict[InteractionKind, tuple[tuple[str, str], ...]] = {
    "meeting": _MEETINGS,
    "visit": _MEETINGS[:1],
    "call": _CALLS,
    "letter": _LETTERS,
    "email": _APPEALS,
    "event": _EVENTS,
    "reply": _REPLIES,
    "email_open": _OPENED,
}


_NOTES: dict[NoteCategory, tuple[str, ...]] = {"general": _GENERAL, "family": _FAMILY, "wealth": _WEALTH}


class Voice:
    """What is written about one donor: the same relatives, pastimes and interests all along."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        relative, pastime = rng.choice(_RELATIVES), rng.choice(_PASTIMES)
        self._details = {
            "relative": relative,
            "relative_cap": relative[0].upper() + relative[1:],
            "pastime": pastime,
            "pastime_cap": pastime[0].upper() + pastime[1:],
            "programme": rng.choice(_PROGRAMMES),
            "habit": rng.choice(_HABITS),
            "table": str(rng.randint(2, 24)),
        }

    def note(self) -> tuple[NoteCategory, str]:
        """A note and its category."""
        category = self._rng.choices(list(_NOTES), (70, 18, 12))[0]
        texts = _NOTES[category]
        return category, self._rng.choice(texts).format(**self._details)

    def contact(self, kind: InteractionKind) -> tuple[str, str]:
        """The subject and body of an interaction."""
        subject, body = self._rng.choice(_CONTACTS[kind])
        return subject.format(**self._details), body.format(**self._details)
