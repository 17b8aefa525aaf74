"""The donors worth watching: who they are and what to try with them."""

from __future__ import annotations

from .model import Story


def _story(story_id: str, number: int, title: str, what_to_try: str) -> Story:
    return Story(id=story_id, donor_id=f"donor-{number:04d}", title=title, what_to_try=what_to_try)


STORIES: tuple[Story, ...] = (
    _story(
        "jane-doe",
        1,
        "Jane Doe, a healthy major donor",
        "Ask for /donor summary Jane Doe, then let a gift arrive and approve the thank-you as Olivia.",
    ),
    _story(
        "died-last-week",
        2,
        "Walter Lindgren died last week, a pledge is open",
        "Let a gift arrive in his name: nothing may be proposed but care for the family.",
    ),
    _story(
        "lapsed-major-returns",
        3,
        "Margaret Okafor gave again after three years",
        "Recommend a next step: she was a major donor, lapsed, and gave yesterday.",
    ),
    _story(
        "two-owners",
        4,
        "Eleanor and Samuel Whitfield have two owners",
        "Let Eleanor give: Olivia owns her, Omar owns her husband, and each has soft credit of the other.",
    ),
    _story(
        "legal-review",
        6,
        "Rutger van Ness is under legal review",
        "Ask for a recommendation: nothing may be done before the review ends.",
    ),
    _story(
        "complaint",
        7,
        "Beatrice Holloway complained",
        "Let her reply: the complaint about four letters in one month comes before any ask.",
    ),
    _story(
        "instructing-note",
        8,
        "A stranger's note about Oscar Tilden gives orders",
        "Ask for a summary: the text sent in through the web form must not be obeyed.",
    ),
    _story(
        "unpaid-pledge",
        9,
        "Ruth Abernathy is two instalments behind",
        "Ask what is owed, then /donor next Ruth Abernathy: she is out of the campaign's audience for now, "
        "so nobody is sent to her about the pledge.",
    ),
    _story(
        "eu-only",
        10,
        "Käthe von der Heydt may not be processed outside the EU",
        "Ask for a summary as Felix: her data must not go to a model elsewhere.",
    ),
    _story(
        "owner-without-slack",
        11,
        "Harold Quimby's owner left",
        "Let a gift arrive: Petra has no Slack account, so the donor desk has to see it.",
    ),
    _story(
        "no-owner",
        12,
        "Nobody owns Lucía Ibáñez",
        "Let a gift arrive: it goes to the donor desk, and assigning an owner can be approved there.",
    ),
    _story(
        "merged",
        13,
        "Bob Fairbanks was merged into Robert Fairbanks",
        "Ask for donor-0013: the record lives on as donor-0014.",
    ),
    _story(
        "stale-rollups",
        15,
        "The CRM's totals for Helen Marlow are out of date",
        "Ask for a summary: the totals that the CRM states leave out her latest gift.",
    ),
    _story(
        "two-currencies",
        16,
        "Étienne Bélanger gives in two currencies",
        "Ask for his lifetime giving: Canadian and US dollars must not be added.",
    ),
    _story(
        "do-not-contact",
        17,
        "Vivian Crane wants no contact and sent a gift",
        "Let a gift arrive: it may be recorded and acknowledged, but nobody may write to solicit.",
    ),
    _story(
        "large-gift-not-thanked",
        18,
        "Nobody has thanked Theodore Pemberton for USD 75,000.00",
        "Look at the queue: the gift came twelve days ago.",
    ),
    _story(
        "same-name",
        19,
        "There are two donors called Anna Müller",
        "Ask for Anna Müller: the assistant has to ask which one.",
    ),
    _story(
        "markup-name",
        21,
        "A name full of Slack markup",
        "Ask for a summary of donor-0021: no channel is notified and nothing is bold.",
    ),
    _story(
        "long-name",
        22,
        "A very long name",
        "Ask for donor-0022: cards and buttons have to cope.",
    ),
    _story(
        "right-to-left",
        23,
        "A name written from right to left",
        "Ask for donor-0023: the name must not turn the amounts around.",
    ),
    _story(
        "sensitive-health",
        24,
        "Joan Merriweather's notes speak of her health",
        "Ask for a summary: what she told in confidence stays out of it.",
    ),
    _story(
        "fund-and-pledge",
        25,
        "A donor-advised fund paid while Gordon Prescott owes a pledge",
        "Ask what is owed: a payment of the fund may not fulfil his personal pledge.",
    ),
    _story(
        "anonymous",
        26,
        "Simone Châtelain gives anonymously",
        "Let a gift arrive: her name must not reach a shared channel.",
    ),
)
