"""Which rule spoke, on which facts: a paragraph first, then rule by rule."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Leaf,
    Message,
    actions,
    bullets,
    button,
    divider,
    fine_print,
    header,
    leaf,
    moment,
    paragraph,
    rich,
    said,
)
from bot.slack.text import clip, for_notification, isolated, one_line
from handlers.outcomes import DecisionExplained, PathStep, RuleSaid, WhyShown
from handlers.record.decision_path import gap

TITLE = "Why?"
PATH = "From beginning to end"
RULES = "The rules that spoke"
ASKED = " Asked whether "
SAW = " Saw: "
NEARLY = "What would have changed the answer"
WHOLE_STORY = "The whole story"
MORE = "{count} earlier decisions about this donor are recorded; compliance can read all of them."
REFERENCE = "From the audit record. Reference {reference}"
LONGEST_STEP = 180
MOST_RULES, MOST_SEEN, MOST_NEAR = 10, 8, 5


def why_message(shown: WhyShown) -> Message:
    """Return the explanations, the latest decision first."""
    blocks = [header(TITLE)]
    for decision in shown.decisions:
        blocks += [*_decision(decision), divider()]
    if shown.more:
        blocks.append(fine_print(MORE.format(count=shown.more)))
    else:
        blocks.pop()
    return Message(for_notification(TITLE), blocks)


def _decision(decision: DecisionExplained) -> list[Block]:
    head = [*said(decision.title, 300, bold=True), leaf("\n"), moment(decision.at)]
    blocks = [rich(paragraph(*head)), rich(paragraph(*said(decision.paragraph, 1500)))]
    if decision.path:
        path = bullets(_step(step) for step in decision.path)
        blocks.append(rich(paragraph(leaf(PATH, bold=True)), path))
    if decision.rules:
        rules = bullets(_rule(rule) for rule in decision.rules[:MOST_RULES])
        blocks.append(rich(paragraph(leaf(RULES, bold=True)), rules))
    if decision.near:
        near = bullets(said(text, 250) for text in decision.near[:MOST_NEAR])
        blocks.append(rich(paragraph(leaf(NEARLY, bold=True)), near))
    if decision.caution:
        blocks.append(rich(paragraph(leaf(decision.caution, italic=True))))
    if decision.escalation_id:
        row = button(WHOLE_STORY, ids.EVIDENCE, decision.escalation_id)
        blocks.append(actions(f"cs:why:{decision.escalation_id}", row))
    return [*blocks, fine_print(REFERENCE.format(reference=decision.reference))]


def _step(step: PathStep) -> list[Leaf]:
    """Put a step into one line: which, when and how long after the one before, what, and who did it."""
    after = gap(step.after_seconds)
    leaves = [leaf(f"{step.stage} ", bold=True), moment(step.at), leaf(f" {after}: " if after else ": ")]
    leaves += said(step.what, LONGEST_STEP)
    return (
        [*leaves, leaf(f" ({isolated(clip(one_line(step.who), 80))})", italic=True)] if step.who else leaves
    )


def _rule(rule: RuleSaid) -> list[Leaf]:
    leaves = said(rule.reason, 300, bold=True)
    if rule.asked and rule.asked != "always":
        leaves += [leaf(ASKED), *said(rule.asked, 300), leaf(".")]
    if rule.saw:
        leaves += [leaf(SAW), *said("; ".join(rule.saw[:MOST_SEEN]), 500), leaf(".")]
    return leaves
