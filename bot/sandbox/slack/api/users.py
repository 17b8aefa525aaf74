"""users.*: who is who."""

from __future__ import annotations

from bot.sandbox.slack.api.call import Call, Method
from bot.sandbox.slack.directory import user_object
from bot.sandbox.slack.shapes import Json, SlackError


def info(call: Call) -> Json:
    """Describe one user."""
    return {"user": user_object(call.user(), with_email=call.has_scope("users:read.email"))}


def list_(call: Call) -> Json:
    """Everybody, the bot included."""
    with_email = call.has_scope("users:read.email")
    everybody = [user_object(user, with_email=with_email) for user in call.world.directory.users.values()]
    items, cursor = call.page(everybody)
    now = call.world.mint.seconds()
    return {"members": items, "cache_ts": now, "response_metadata": {"next_cursor": cursor}}


def lookup_by_email(call: Call) -> Json:
    """Find a full member by e-mail; guests and other organisations are not found."""
    email = call.required("email").casefold()
    for user in call.world.directory.people():
        full_member = not user.is_restricted and not user.is_stranger
        if user.email is not None and user.email.casefold() == email and full_member:
            return {"user": user_object(user, with_email=True)}
    raise SlackError("users_not_found")


METHODS = {
    "users.info": Method(info, ("users:read",), tier=4),
    "users.list": Method(list_, ("users:read",), tier=2),
    "users.lookupByEmail": Method(lookup_by_email, ("users:read.email",)),
}
