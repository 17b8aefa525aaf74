"""Submitting and closing modals, and what the app's acknowledgement does to them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.slack.acts import Acts
from bot.sandbox.slack.blocks import check_view
from bot.sandbox.slack.content import with_block_ids
from bot.sandbox.slack.delivery import Envelope, Receipt
from bot.sandbox.slack.directory import User
from bot.sandbox.slack.inputs import missing_answers, state_values
from bot.sandbox.slack.payloads import interaction, response_url_inputs
from bot.sandbox.slack.shapes import Json, SlackError
from bot.sandbox.slack.views import View
from bot.sandbox.slack.world import World

_TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the page does next: *action* is the app's response_action, None closes the modal."""

    ok: bool = True
    action: str | None = None
    errors: Json | None = None
    view: View | None = None
    problem: str | None = None

    def shown(self) -> Json:
        """The outcome as the page API returns it."""
        body: Json = {
            "ok": self.ok,
            "response_action": self.action,
            "errors": self.errors or {},
            "view": self.view.shown() if self.view else None,
        }
        return body | ({"problem": self.problem} if self.problem else {})


class Submissions:
    """Submits modals for people and obeys the app's answer."""

    def __init__(self, world: World, acts: Acts) -> None:
        self._world = world
        self._acts = acts

    async def submit(self, user: User, view_id: str, entered: Json) -> Outcome:
        """Check the entries as Slack does, ask the app, and apply its response_action."""
        view = self._acts.view(user, view_id)
        if view.content["type"] != "modal" or not self._is_top(view):
            raise SlackError("view_not_found")
        view = self._world.views.note_values(view, state_values(view.blocks, entered, view.offered))
        complaints = missing_answers(view.blocks, view.values)
        if complaints:
            return self._show_errors(view, dict(complaints))
        receipt = await self._acts.deliver(user, Envelope("interactive", self._payload(user, view)))
        try:
            return self._apply(view, receipt)
        except SlackError:
            return self._trouble(user, view)

    def _is_top(self, view: View) -> bool:
        stack = self._world.views.stack(view.user)
        return bool(stack) and stack[-1].id == view.id

    def _payload(self, user: User, view: View) -> Json:
        payload = interaction("view_submission", user, self._world.config.verification_token)
        return payload | {
            "trigger_id": self._world.triggers.issue(user.id, view.id),
            "view": view.object(),
            "response_urls": [self._response_url(user, *item) for item in response_url_inputs(view)],
        }

    def _response_url(self, user: User, block_id: str, action_id: str, channel: str) -> Json:
        issued = self._world.response_urls.issue("view", channel, user.id)
        address = self._world.response_urls.address(issued)
        return {
            "block_id": block_id,
            "action_id": action_id,
            "channel_id": channel,
            "response_url": address,
        }

    def _apply(self, view: View, receipt: Receipt) -> Outcome:
        if not receipt.acknowledged or isinstance(receipt.body, str):
            raise SlackError("bad_acknowledgement")
        body = receipt.body or {}
        action = body.get("response_action")
        if action is None and not body:
            self._close(view)
            return Outcome()
        match action:
            case "errors":
                return self._show_errors(view, _checked_errors(view, body.get("errors")))
            case "update":
                updated = self._world.views.update(view, self._content(body), None)
                return Outcome(action="update", view=updated)
            case "push":
                return Outcome(action="push", view=self._world.views.push(view.user, self._content(body)))
            case "clear":
                self._world.views.clear(view.user)
                return Outcome(action="clear")
        raise SlackError("bad_acknowledgement")

    def _close(self, view: View) -> None:
        if self._world.views.get(view.id) is not None:
            self._world.views.close(view)

    def _content(self, body: Json) -> Json:
        content = body.get("view")
        check_view(content)
        if content is None or content["type"] != "modal":
            raise SlackError("invalid_arguments")
        filled: Json = content | {"blocks": with_block_ids(content["blocks"], self._world.mint)}
        return filled

    def _show_errors(self, view: View, errors: Json) -> Outcome:
        shown: Json = {"view_id": view.id, "errors": errors}
        self._world.hub.publish("view_errors", lambda _: shown, (view.user,))
        return Outcome(action="errors", errors=errors, view=view)

    def _trouble(self, user: User, view: View) -> Outcome:
        self._acts.complain(user, _TROUBLE, view_id=view.id)
        return Outcome(ok=False, problem=_TROUBLE)

    def dismiss(self, user: User, view_id: str) -> None:
        """Close a modal (all of them with clear_on_close); apps that asked get view_closed."""
        view = self._acts.view(user, view_id)
        clearing = bool(view.content.get("clear_on_close"))
        closing = self._world.views.stack(user.id) if clearing else [view]
        for closed in reversed(closing):
            self._world.views.close(closed)
            if closed.content.get("notify_on_close"):
                self._world.background.spawn(self._tell_closed(user, closed, cleared=clearing))

    async def _tell_closed(self, user: User, view: View, *, cleared: bool) -> None:
        payload = interaction("view_closed", user, self._world.config.verification_token)
        payload |= {"view": view.object(), "is_cleared": cleared}
        await self._acts.deliver(user, Envelope("interactive", payload))


def _checked_errors(view: View, errors: object) -> Json:
    inputs = {block.get("block_id") for block in view.blocks if block.get("type") == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise SlackError("bad_acknowledgement")
    return errors
