"""When which digest comes and where it goes, and the form in which a manager changes that."""

from __future__ import annotations

from typing import Any

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Leaf,
    View,
    actions,
    button,
    fine_print,
    leaf,
    moment,
    option,
    paragraph,
    plain_text,
    rich,
    said,
)
from bot.slack.payloads import SchedulePlace
from bot.slack.text import name
from handlers.outcomes import ScheduleForm, ScheduleLine, SchedulesShown
from policy.rhythm import DAYS

TITLE, CLOSE = "Digest schedules", "Close"
READING = "Reading the schedules…"
NONE = "No digest is planned for you. Whoever looks after the organisation file can add one under digests:."
IN, NEXT, OFF = "In {channel}.", " Next: ", " Switched off."
TEAM = ", team {team}"
CHANGED = "Changed by {name} on "
CHANGE = "Change…"
HOW = "What you change counts at once, on every replica, over what the organisation file says."
LOOK_ONLY = "Managers and admins can change them."
FORM_TITLE, SUBMIT, CANCEL = "Change a schedule", "Save", "Cancel"
NOW = "Now: "
DAY, TIME, CHANNEL, WHETHER = "Which day?", "At what time?", "Another channel", "Is it delivered?"
TIME_HINT = "In the time zone {zone}."
CHANNEL_HINT = "It goes to {channel} now. Leave this empty to keep that."
CHOOSE, CHOOSE_CHANNEL = "Choose", "Choose a channel"
YES, NO = ("Yes", "on"), ("No, not for now", "off")
MOST = 30


def schedules_view(shown: SchedulesShown) -> View:
    """Return the window with the schedules."""
    blocks: list[Block] = []
    for line in shown.lines[:MOST]:
        blocks.append(rich(paragraph(*_line(line))))
        if shown.may_change and ids.is_opaque(line.schedule_id):
            pressed = button(CHANGE, ids.SCHEDULE_CHANGE, line.schedule_id)
            blocks.append(actions(f"cs:schedule:{line.schedule_id}", pressed))
    if not blocks:
        blocks.append(rich(paragraph(leaf(NONE))))
    blocks.append(fine_print(HOW if shown.may_change else LOOK_ONLY))
    return {
        "type": "modal",
        "callback_id": ids.EVIDENCE_VIEW,
        "title": plain_text(TITLE, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": blocks,
    }


def schedule_form_view(form: ScheduleForm) -> View:
    """Return the form; it carries ids only."""
    place = SchedulePlace(schedule_id=form.schedule_id, mark=form.mark)
    introduction = [*said(form.title, 120, bold=True), *_team(form.team), leaf("\n" + NOW)]
    introduction += said(form.words, 200)
    return {
        "type": "modal",
        "callback_id": ids.SCHEDULE_VIEW,
        "private_metadata": place.model_dump_json(),
        "title": plain_text(FORM_TITLE, 24),
        "submit": plain_text(SUBMIT, 24),
        "close": plain_text(CANCEL, 24),
        "blocks": [rich(paragraph(*introduction)), _day(form), _time(form), _channel(form), _whether(form)],
    }


def _line(line: ScheduleLine) -> list[Leaf]:
    leaves = [*said(line.title, 120, bold=True), *_team(line.team), leaf("\n"), *said(line.words, 200)]
    leaves += [leaf("\n"), *_channel_leaf(line.channel)]
    leaves += [leaf(NEXT), moment(line.next_at)] if line.next_at else []
    leaves += [] if line.is_on else [leaf(OFF, bold=True)]
    if line.changed_by and line.changed_at:
        changed = leaf(CHANGED.format(name=name(line.changed_by)), italic=True)
        leaves += [leaf("\n"), changed, moment(line.changed_at)]
    return leaves


def _channel_leaf(channel: str) -> list[Leaf]:
    if channel.startswith("#"):
        return said(IN.format(channel=channel), 100)
    before, after = IN.split("{channel}")
    return [leaf(before), {"type": "channel", "channel_id": channel}, leaf(after)]


def _team(team: str | None) -> list[Leaf]:
    return [leaf(TEAM.format(team=name(team)))] if team else []


def _day(form: ScheduleForm) -> Block:
    options = [option(words, day) for day, words in DAYS.items()]
    element: dict[str, Any] = {
        "type": "static_select",
        "action_id": ids.RHYTHM,
        "placeholder": plain_text(CHOOSE, 150),
        "options": options,
    }
    if form.day:
        element["initial_option"] = option(DAYS[form.day], form.day)
    return _input(ids.RHYTHM_BLOCK, DAY, element)


def _time(form: ScheduleForm) -> Block:
    element: dict[str, Any] = {"type": "timepicker", "action_id": ids.TIME}
    if form.at:
        element["initial_time"] = f"{form.at:%H:%M}"
    return _input(ids.TIME_BLOCK, TIME, element, TIME_HINT.format(zone=form.zone))


def _channel(form: ScheduleForm) -> Block:
    shown = form.channel if form.channel.startswith("#") else "the channel chosen before"
    element: dict[str, Any] = {
        "type": "conversations_select",
        "action_id": ids.CHANNEL,
        "placeholder": plain_text(CHOOSE_CHANNEL, 150),
        "filter": {
            "include": ["public", "private"],
            "exclude_external_shared_channels": True,
            "exclude_bot_users": True,
        },
    }
    return _input(ids.CHANNEL_BLOCK, CHANNEL, element, CHANNEL_HINT.format(channel=shown))


def _whether(form: ScheduleForm) -> Block:
    options = [option(*YES), option(*NO)]
    element = {
        "type": "radio_buttons",
        "action_id": ids.ON,
        "options": options,
        "initial_option": options[0] if form.is_on else options[1],
    }
    return _input(ids.ON_BLOCK, WHETHER, element, optional=False)


def _input(
    block_id: str, label: str, element: dict[str, Any], hint: str = "", *, optional: bool = True
) -> Block:
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "optional": optional,
        "label": plain_text(label, 200),
        "element": element,
    }
    return block | {"hint": plain_text(hint, 200)} if hint else block
