"""views.*: modals and Home tabs."""

from __future__ import annotations

from bot.sandbox.slack.api.call import Call, Method
from bot.sandbox.slack.blocks import check_view
from bot.sandbox.slack.content import with_block_ids
from bot.sandbox.slack.shapes import Json, SlackError, refusal
from bot.sandbox.slack.views import View


def open_(call: Call) -> Json:
    """Open a modal for the person whose trigger_id is used up by it."""
    content = _content(call, "modal")
    trigger = call.world.triggers.redeem(_trigger_id(call))
    return _shown(call.world.views.open(trigger.user, content))


def push(call: Call) -> Json:
    """Put a modal on the person's open ones."""
    content = _content(call, "modal")
    trigger = call.world.triggers.redeem(_trigger_id(call))
    return _shown(call.world.views.push(trigger.user, content))


def update(call: Call) -> Json:
    """Replace a modal's content while it is open."""
    content = _content(call, "modal", "home")
    view = _named(call)
    if view is None or view.content["type"] != content["type"]:
        raise SlackError("not_found")
    return _shown(call.world.views.update(view, content, call.text("hash")))


def publish(call: Call) -> Json:
    """Show a Home tab to one user."""
    content = _content(call, "home")
    user = call.world.directory.users.get(call.required("user_id"))
    if user is None or user.is_bot:
        raise SlackError("user_not_found")
    return _shown(call.world.views.publish(user.id, content, call.text("hash")))


def _named(call: Call) -> View | None:
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if (view_id is None) == (external_id is None):
        raise refusal("invalid_arguments", ["[ERROR] provide either view_id or external_id"])
    views = call.world.views
    return views.get(view_id) if view_id else views.by_external_id(external_id or "")


def _trigger_id(call: Call) -> str:
    return call.text("trigger_id") or call.text("interactivity_pointer") or call.required("trigger_id")


def _content(call: Call, *types: str) -> Json:
    view = call.structure("view")
    check_view(view)
    if view["type"] not in types:
        raise refusal("invalid_arguments", [f"[ERROR] must be one of {types} [json-pointer:/view/type]"])
    return prepared(call, view)


def prepared(call: Call, view: Json) -> Json:
    """The view with block and action ids filled in."""
    return view | {"blocks": with_block_ids(view["blocks"], call.world.mint)}


def _shown(view: View) -> Json:
    return {"view": view.object()}


METHODS = {
    "views.open": Method(open_, tier=4),
    "views.push": Method(push, tier=4),
    "views.update": Method(update, tier=4),
    "views.publish": Method(publish, tier=4),
}
