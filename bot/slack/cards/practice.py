"""Practice: the invitation, a made-up decision in a window, and the reasoning afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Message,
    View,
    actions,
    bullets,
    button,
    divider,
    fine_print,
    header,
    leaf,
    option,
    paragraph,
    plain_text,
    radio_buttons,
    rich,
    said,
    titled,
)
from bot.slack.cards.field_changes import change_lines
from bot.slack.payloads import PracticePlace
from bot.slack.text import words
from bot.slack.when import on_day
from handlers.outcomes import PracticeShown, ScenarioShown, VerdictShown
from policy.drills import Caught
from policy.practice import CHOICES, SMALLEST_GROUP, SURENESS, Choice, Scenario, Share, Standing, Sureness

TITLE = "Practice"
LOOKING = "Looking for a decision…"
NOTHING_REAL = "Practice: these people do not exist, and nothing you choose here reaches the CRM."
INTRODUCTION = (
    "Made-up decisions as they appear on cards: some are plain, some can be seen either way, and in some "
    "something is wrong that a careful reader sees. You say what you would do, and read the reasoning then."
)
BEGIN = "Begin"
GO_ON = "Go on"
CLOSE = "Close"
SUBMIT = "This is my answer"
ANOTHER = "Another one"
YOURS = "How you are doing"
DONE = "{done} of {scenarios} scenarios answered."
FIRST = "A good answer at the first try: {share}."
CAUGHT = "Mistakes on the card that you caught: {share}."
TEAM = "Everybody together, last 90 days"
TEAM_FIRST = "A good answer at the first try: {share}."
TEAM_CAUGHT = "Mistakes on the card that were caught: {share}."
TOO_FEW = f"Shown when at least {SMALLEST_GROUP} people have practised; nobody is singled out."
PRIVATE = "Your own results are shown to you alone."
WHEN_SURE = "When {said}, {share} were good answers."

DRILLS = "Your drills"
TEAM_DRILLS = "Everybody’s drills, last 90 days"
CAUGHT_MISTAKES = "Cards with a mistake that were not let through: {share}."
GENUINE_APPROVED = "Cards without one that were approved: {share}."
NONE_YET = "None answered yet."
DRILLS_ON = "You asked for drills: /donor practice drills off ends them."
DRILLS_OFF = "/donor practice drills on puts a made-up card among your real ones about once a week."

HAPPENED = "What happened"
PROPOSED = "What the AI proposes"
CHANGES = "What would be written to the CRM"
WHY = "Why"
UNKNOWN = "Not known"
HISTORY = "Recent history"
CONFIDENCE = {"high": "High confidence", "medium": "Medium confidence", "low": "Low confidence"}
WHAT_NOW = "What would you do?"
HOW_SURE = "How sure are you?"
NUMBER = "Scenario {number} of {scenarios}"

LABELS: dict[Choice, str] = {
    "approve": "Approve it as it is",
    "edit": "Change it, then approve",
    "defer": "Put it off",
    "escalate": "Escalate it further",
    "send_back": "Send it back: the record has to be put right",
    "decline": "Decline it",
}
SURE_LABELS: dict[Sureness, str] = {50: "I am guessing", 75: "Rather sure", 95: "Certain"}
SAID: dict[Sureness, str] = {50: "guessing", 75: "rather sure", 95: "certain"}

GOOD = "A good answer"
NOT_GOOD = "There is a better answer"
YOU = "You chose: {choice}."
BEST = "Best here: {choice}."
AS_GOOD = "As good: {choices}."
MISTAKE = "What was wrong: {mistake}"
LOOK = "Where to look"


def practice_message(shown: PracticeShown) -> Message:
    """Return the invitation with how somebody is doing."""
    blocks = [header(TITLE), rich(paragraph(leaf(INTRODUCTION)))]
    if shown.standing.answered.of:
        blocks.append(titled(YOURS, bullets(_own(shown.standing, shown.done, shown.scenarios))))
    if shown.team:
        blocks.append(titled(TEAM, bullets(_lines(shown.team, TEAM_FIRST, TEAM_CAUGHT))))
    elif shown.too_few:
        blocks.append(titled(TEAM, paragraph(leaf(TOO_FEW, italic=True))))
    if shown.drills or shown.caught.mistakes.of:
        blocks.append(titled(DRILLS, bullets([[leaf(line)] for line in caught_lines(shown.caught)])))
    if shown.team_caught:
        lines = [[leaf(line)] for line in caught_lines(shown.team_caught)]
        blocks.append(titled(TEAM_DRILLS, bullets(lines)))
    label = GO_ON if shown.done else BEGIN
    blocks.append(actions("cs:practice", button(label, ids.PRACTISE, "next", style="primary")))
    about_drills = DRILLS_ON if shown.drills else DRILLS_OFF
    return Message(TITLE, [*blocks, fine_print(NOTHING_REAL, PRIVATE, about_drills)])


def looking_view(window: str) -> View:
    """Return the window while it waits for what comes next, known by *window*."""
    return {
        "type": "modal",
        "callback_id": ids.WAITING_VIEW,
        "external_id": window,
        "title": plain_text(TITLE, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": [rich(paragraph(leaf(LOOKING)))],
    }


def scenario_view(shown: ScenarioShown) -> View:
    """Return the window with the decision and the two questions; the answer is not in it."""
    scenario = shown.scenario
    place = PracticePlace(scenario_id=scenario.id, version=shown.version)
    return {
        "type": "modal",
        "callback_id": ids.PRACTICE_VIEW,
        "private_metadata": place.model_dump_json(),
        "title": plain_text(TITLE, 24),
        "submit": plain_text(SUBMIT, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": [
            fine_print(NUMBER.format(number=shown.number, scenarios=shown.scenarios), NOTHING_REAL),
            *_card(scenario),
            divider(),
            radio_buttons(ids.CHOICE_BLOCK, ids.CHOICE, WHAT_NOW, [option(LABELS[c], c) for c in CHOICES]),
            radio_buttons(
                ids.SURE_BLOCK, ids.SURE, HOW_SURE, [option(SURE_LABELS[s], str(s)) for s in SURENESS]
            ),
        ],
    }


def verdict_view(shown: VerdictShown) -> View:
    """Return the window with the reasoning."""
    scenario = shown.scenario
    others = [LABELS[each].lower() for each in scenario.acceptable]
    told = [YOU.format(choice=LABELS[shown.choice].lower())]
    if shown.choice != scenario.best:
        told.append(BEST.format(choice=LABELS[scenario.best].lower()))
    if others:
        told.append(AS_GOOD.format(choices=", ".join(others)))
    mistake = [leaf(MISTAKE.format(mistake=scenario.mistake), bold=True)] if scenario.mistake else []
    return {
        "type": "modal",
        "callback_id": ids.VERDICT_VIEW,
        "title": plain_text(TITLE, 24),
        "submit": plain_text(ANOTHER, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": [
            header(f"✅ {GOOD}" if shown.right else f"🔎 {NOT_GOOD}"),
            rich(paragraph(leaf(" ".join(told)))),
            rich(paragraph(*mistake, leaf("\n" if mistake else " "), *said(scenario.reasoning, 600))),
            titled(LOOK, paragraph(*said(scenario.clue, 600))),
            divider(),
            *_card(scenario),
            divider(),
            titled(YOURS, bullets(_own(shown.standing, shown.done, shown.scenarios))),
            fine_print(PRIVATE),
        ],
    }


def _card(scenario: Scenario) -> list[Block]:
    line = " · ".join(words(part) for part in (scenario.stage, scenario.tier) if part)
    blocks = [header(scenario.donor), fine_print(line, *scenario.marks)]
    blocks.append(titled(HAPPENED, paragraph(*said(scenario.happened, 600))))
    blocks.append(titled(PROPOSED, paragraph(*said(scenario.proposal, 600, bold=True))))
    if scenario.changes:
        blocks.append(titled(CHANGES, bullets(change_lines(scenario.changes, None))))
    blocks.append(titled(WHY, bullets(_said(scenario.why))))
    if scenario.unknown:
        blocks.append(titled(UNKNOWN, bullets(_said(scenario.unknown))))
    blocks.append(fine_print(CONFIDENCE[scenario.confidence]))
    if scenario.history:
        blocks.append(titled(HISTORY, bullets(_history(scenario))))
    return blocks


def _history(scenario: Scenario) -> list[list[Block]]:
    if scenario.as_of is None:
        return _said([line.text for line in scenario.history])
    days = [on_day(scenario.as_of - timedelta(days=line.days_ago)) for line in scenario.history]
    return [
        [leaf(f"{day}: "), *said(line.text, 600)] for day, line in zip(days, scenario.history, strict=True)
    ]


def _said(lines: Sequence[str]) -> list[list[Block]]:
    return [said(line, 600) for line in lines]


def _own(standing: Standing, done: int, scenarios: int) -> list[list[Block]]:
    return [[leaf(DONE.format(done=done, scenarios=scenarios))], *_lines(standing, FIRST, CAUGHT)]


def _lines(standing: Standing, first: str, caught: str) -> list[list[Block]]:
    lines = [first.format(share=_share(standing.answered))]
    if standing.caught.of:
        lines.append(caught.format(share=_share(standing.caught)))
    lines += [
        WHEN_SURE.format(said=SAID[each.sureness], share=_share(each.right)) for each in standing.reliability
    ]
    return [[leaf(line)] for line in lines]


def caught_lines(caught: Caught) -> list[str]:
    """Say what drills say."""
    lines = []
    if caught.mistakes.of:
        lines.append(CAUGHT_MISTAKES.format(share=_share(caught.mistakes)))
    if caught.genuine.of:
        lines.append(GENUINE_APPROVED.format(share=_share(caught.genuine)))
    return lines or [NONE_YET]


def _share(share: Share) -> str:
    return f"{share.count} of {share.of}"
