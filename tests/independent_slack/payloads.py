"""What Slack sends when people do something: in full, or *bare*, with nothing that Slack may leave out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.independent_slack.workspace import APP, BOT_USER, TEAM, Json

if TYPE_CHECKING:
    from tests.independent_slack.plain_slack import PlainSlack

NEW_FIELDS = {"a_field_of_next_year": {"nested": [1, None]}, "token": "verification-token-nobody-uses"}


def slash_command(slack: PlainSlack, user: str, channel: str, text: str, *, bare: bool = False) -> Json:
    """Form fields: each value is text."""
    fields = {
        "command": "/donor",
        "text": text,
        "user_id": user,
        "team_id": TEAM,
        "channel_id": channel,
        "response_url": slack.response_url(user, channel, "command"),
        "trigger_id": slack.trigger(),
        "api_app_id": APP,
    }
    if bare:
        return fields
    return fields | {
        "token": "verification-token-nobody-uses",
        "team_domain": "north",
        "channel_name": slack.channel(channel).name or "directmessage",
        "user_name": "somebody",
        "is_enterprise_install": "false",
        "a_field_of_next_year": "1",
    }


def _person(user: str, *, bare: bool) -> Json:
    return (
        {"id": user} if bare else {"id": user, "username": "name", "name": "name", "team_id": TEAM, "new": 1}
    )


def element_of(shown: Json, action_id: str, value: str = "") -> tuple[Json, Json]:
    """The block and the element with *action_id*; *value* is part of its value or of one of its options'."""
    for block in shown["blocks"]:
        for element in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
            if isinstance(element, dict) and element.get("action_id") == action_id and value in str(element):
                return block, element
    raise AssertionError(f"no {action_id} with {value!r}")


def action_on(shown: Json, action_id: str, value: str = "") -> Json:
    """One entry of *actions*, as the element on screen makes it."""
    block, element = element_of(shown, action_id, value)
    action: Json = {"type": element["type"], "action_id": action_id, "block_id": block.get("block_id", "b1Q")}
    action["action_ts"] = f"{time.time():.6f}"
    if element["type"] == "static_select":
        chosen = next(option for option in element["options"] if value in option["value"])
        return action | {"selected_option": chosen, "placeholder": element.get("placeholder")}
    if element["type"] == "feedback_buttons":
        pressed = next(
            element[k]
            for k in ("positive_button", "negative_button")
            if element[k]["value"].startswith(value)
        )
        return action | {"text": pressed["text"], "value": pressed["value"]}
    return action | {"text": element["text"], "value": element["value"]}


def block_actions(
    slack: PlainSlack, user: str, channel: str, shown: Json, action: Json, *, bare: bool = False
) -> Json:
    """A press in a message; of an ephemeral one Slack sends no *message*."""
    ephemeral = bool(shown.get("is_ephemeral"))
    container: Json = {"type": "message", "message_ts": shown["ts"], "channel_id": channel}
    container |= {"is_ephemeral": ephemeral}
    if shown.get("thread_ts"):
        container["thread_ts"] = shown["thread_ts"]
    payload: Json = {
        "type": "block_actions",
        "user": _person(user, bare=bare),
        "api_app_id": APP,
        "container": container,
        "trigger_id": slack.trigger(),
        "team": {"id": TEAM} if bare else {"id": TEAM, "domain": "north"},
        "channel": {"id": channel} if bare else {"id": channel, "name": "privategroup"},
        "response_url": slack.response_url(user, channel, "action", shown),
        "actions": [action],
    }
    if bare:
        return payload
    message = {} if ephemeral else {"message": shown | {"team": TEAM, "reply_count": 0}}
    rest = {"enterprise": None, "is_enterprise_install": False, "state": {"values": {}}}
    return payload | message | rest | NEW_FIELDS


def home_actions(slack: PlainSlack, user: str, action: Json) -> Json:
    """A press on the Home tab: no channel, no message, no response_url."""
    view = slack.homes[user]
    return {
        "type": "block_actions",
        "user": _person(user, bare=False),
        "api_app_id": APP,
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": slack.trigger(),
        "team": {"id": TEAM, "domain": "north"},
        "enterprise": None,
        "is_enterprise_install": False,
        "view": view | {"team_id": TEAM, "app_id": APP, "bot_id": "B7BOT", "state": {"values": {}}},
        "actions": [action],
    }


def view_submission(slack: PlainSlack, user: str, view: Json, values: Json, *, bare: bool = False) -> Json:
    """A submitted modal; *values* is what `view.state.values` holds."""
    shown = slack.views[view["id"]] | {"state": {"values": values}}
    payload = {
        "type": "view_submission",
        "user": _person(user, bare=bare),
        "view": shown,
        "team": {"id": TEAM},
    }
    if bare:
        return payload
    shown |= {
        "team_id": TEAM,
        "app_id": APP,
        "root_view_id": shown["id"],
        "previous_view_id": None,
        "blocks": [],
    }
    rest = {"api_app_id": APP, "trigger_id": slack.trigger(), "response_urls": [], "enterprise": None}
    return payload | rest | {"is_enterprise_install": False} | NEW_FIELDS


def message_action(
    slack: PlainSlack, user: str, channel: str, message: Json, callback_id: str, *, bare: bool = False
) -> Json:
    """A shortcut used on a message."""
    payload = {
        "type": "message_action",
        "callback_id": callback_id,
        "trigger_id": slack.trigger(),
        "user": _person(user, bare=bare),
        "team": {"id": TEAM},
        "channel": {"id": channel},
        "message": message,
    }
    if bare:
        return payload
    rest = {"message_ts": message["ts"], "action_ts": f"{time.time():.6f}", "is_enterprise_install": False}
    answer = {"response_url": slack.response_url(user, channel, "action", message)}
    return payload | rest | answer | NEW_FIELDS


def block_suggestion(
    slack: PlainSlack, user: str, view: Json, action_id: str, typed: str, *, bare: bool = False
) -> Json:
    """Somebody types in an external select of a modal: no trigger, nothing to answer but in the response."""
    block, element = element_of(view, action_id)
    assert element["type"] == "external_select"
    payload = {
        "type": "block_suggestion",
        "action_id": action_id,
        "block_id": block["block_id"],
        "value": typed,
        "user": _person(user, bare=bare),
        "team": {"id": TEAM},
        "container": {"type": "view", "view_id": view["id"]},
        "api_app_id": APP,
    }
    if bare:
        return payload
    shown = slack.views[view["id"]] | {"team_id": TEAM, "app_id": APP}
    return payload | {"view": shown, "enterprise": None, "is_enterprise_install": False} | NEW_FIELDS


def event_callback(slack: PlainSlack, event: Json, *, bare: bool = False) -> Json:
    """An event in its envelope."""
    payload = {"type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event": event}
    payload |= {"event_id": slack.fresh("Ev7"), "event_time": int(time.time())}
    if bare:
        return payload
    return (
        payload
        | NEW_FIELDS
        | {
            "context_team_id": TEAM,
            "context_enterprise_id": None,
            "is_ext_shared_channel": False,
            "event_context": "4-eyJldCI6Im1lc3NhZ2UifQ",
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM,
                    "user_id": BOT_USER,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
        }
    )


def written(slack: PlainSlack, user: str, channel: str, text: str, **more: object) -> Json:
    """A message event of somebody's own making; a mention when it is not in direct messages."""
    direct = slack.channel(channel).kind == "im"
    message: Json = {
        "type": "message" if direct else "app_mention",
        "client_msg_id": slack.fresh("c0ffee-"),
        "user": user,
        "text": text,
        "ts": slack.stamp(),
        "team": TEAM,
        "channel": channel,
        "blocks": [{"type": "rich_text", "block_id": "x1", "elements": []}],
    }
    message |= {"event_ts": message["ts"]} | ({"channel_type": "im"} if direct else {}) | more
    slack.messages.setdefault(channel, []).append(message)
    return message
