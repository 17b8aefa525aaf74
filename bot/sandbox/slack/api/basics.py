"""api.test, auth.test, team, bots and Socket Mode tickets."""

from __future__ import annotations

from bot.sandbox.people import APP_ID, BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME
from bot.sandbox.slack.api.call import Call, Method
from bot.sandbox.slack.shapes import Json, SlackError


def api_test(call: Call) -> Json:
    """Echo the arguments, or fail on demand."""
    if call.text("error"):
        raise SlackError(call.required("error"), args=call.arguments)
    return {"args": call.arguments}


def auth_test(call: Call) -> Json:
    """Tell the app who it is."""
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": TEAM_NAME,
        "user": call.world.config.bot_name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def connections_open(call: Call) -> Json:
    """Hand out a single-use WebSocket URL."""
    return {"url": call.world.sockets.issue_ticket()}


def team_info(_call: Call) -> Json:
    """Describe the workspace."""
    return {"team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN, "email_domain": ""}}


def bots_info(call: Call) -> Json:
    """Describe the one bot."""
    if (call.text("bot") or BOT_ID) != BOT_ID:
        raise SlackError("bot_not_found")
    name = call.world.config.bot_name
    bot = {"id": BOT_ID, "deleted": False, "name": name, "app_id": APP_ID, "user_id": BOT_USER_ID}
    return {"bot": bot | {"updated": 0, "icons": {}}}


METHODS = {
    "api.test": Method(api_test, tier=4, caller="anybody"),
    "auth.test": Method(auth_test, tier=None),
    "apps.connections.open": Method(connections_open, ("connections:write",), tier=None, caller="app"),
    "team.info": Method(team_info, ("team:read",)),
    "bots.info": Method(bots_info, ("users:read",)),
}
