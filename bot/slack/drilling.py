"""Presses on the cards of drills: told apart by their id, so that none is taken for a decision."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.clicks import NotUnderstood
from bot.slack.payloads import Click
from handlers.commands import DrillPressed
from policy.practice import Choice

PREFIX = "drill-"
CHOICES: dict[str, Choice] = {
    ids.APPROVE: "approve",
    ids.EDIT: "edit",
    ids.DEFER: "defer",
    ids.ESCALATE: "escalate",
    ids.SEND_BACK: "send_back",
    ids.DECLINE: "decline",
}
LOOKS = frozenset({ids.EVIDENCE, ids.READ_IN_FULL})


def drill_of(click: Click) -> str | None:
    """Return the drill a click is about; None for everything else."""
    about = click.value.rpartition(":")[2]
    return about if about.startswith(PREFIX) and ids.is_opaque(about) else None


def pressed(click: Click, drill_id: str) -> DrillPressed | None:
    """Return the answer that a press stands for; None for a mere look. Raises NotUnderstood."""
    if click.action_id in LOOKS:
        return None
    if click.action_id not in CHOICES:
        raise NotUnderstood(click.action_id)
    return DrillPressed(
        drill_id=drill_id, choice=CHOICES[click.action_id], by=click.by, reply_to=click.reply_to
    )
