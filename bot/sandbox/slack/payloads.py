"""The payloads apps receive for commands, clicks, modals and shortcuts."""

from __future__ import annotations

from bot.sandbox.people import APP_ID, TEAM_DOMAIN, TEAM_ID
from bot.sandbox.slack.directory import Conversation, User
from bot.sandbox.slack.inputs import STATEFUL, chosen_option, elements_of
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.shapes import Json, SlackError
from bot.sandbox.slack.views import View

_BUTTON_KEYS = ("text", "value", "style", "url", "icon", "confirm")


def channel_name(conversation: Conversation) -> str:
    """The name Slack gives a conversation in payloads, hiding those that are not public."""
    if conversation.is_direct:
        return "directmessage"
    return conversation.name if conversation.kind == "channel" else "privategroup"


def interaction(kind: str, user: User, token: str) -> Json:
    """What every interaction payload says."""
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id,
        },
        "api_app_id": APP_ID,
        "token": token,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def channel_of(conversation: Conversation) -> Json:
    """The channel of an interaction."""
    return {"id": conversation.id, "name": channel_name(conversation)}


def message_container(message: Message) -> Json:
    """Where a clicked message is."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.visible_to is not None,
    }
    return container | ({"thread_ts": message.thread_ts} if message.thread_ts else {})


def action_of(element: Json, block_id: str, given: Json, action_ts: str) -> Json:
    """One entry of `actions`: from the element as the app defined it, and what the person chose."""
    kind = str(element["type"])
    action: Json = {"action_id": element["action_id"], "block_id": block_id, "type": kind}
    if kind in ("button", "icon_button", "workflow_button"):
        action |= {key: element[key] for key in _BUTTON_KEYS if key in element}
    elif kind == "feedback_buttons":
        action |= _feedback(element, given)
    elif kind == "overflow":
        action["selected_option"] = chosen_option(element, given.get("selected_option"))
    elif kind in STATEFUL:
        action |= _chosen(element, kind, given)
    return action | {"action_ts": action_ts}


def _chosen(element: Json, kind: str, given: Json) -> Json:
    key, initial_key = STATEFUL[kind]
    value = given.get(key)
    if key == "selected_option" and kind != "external_select" and value is not None:
        value = chosen_option(element, value)
    if key == "selected_options" and kind != "multi_external_select":
        value = [chosen_option(element, item) for item in value or []]
    chosen: Json = {key: value}
    return chosen | {name: element[name] for name in (initial_key, "placeholder") if name in element}


def _feedback(element: Json, given: Json) -> Json:
    for side in ("positive_button", "negative_button"):
        if element[side].get("value") == given.get("value"):
            return {"text": element[side]["text"], "value": element[side].get("value")}
    raise SlackError("option_not_found")


def response_url_inputs(view: View) -> list[tuple[str, str, str]]:
    """(block_id, action_id, channel) of the selects that asked for a response_url on submission."""
    found: list[tuple[str, str, str]] = []
    for block, element in elements_of(view.blocks):
        if block["type"] != "input" or not element.get("response_url_enabled"):
            continue
        entry = view.values.get(block["block_id"], {}).get(element["action_id"], {})
        channel = entry.get("selected_conversation") or entry.get("selected_channel")
        if channel:
            found.append((block["block_id"], element["action_id"], channel))
    return found
