"""Asking an app what to offer in an external select while somebody types."""

from __future__ import annotations

from bot.sandbox.slack.acts import Acts, Click
from bot.sandbox.slack.blocks import check_suggestions
from bot.sandbox.slack.delivery import Envelope
from bot.sandbox.slack.directory import User
from bot.sandbox.slack.inputs import EXTERNAL, all_options, find_element
from bot.sandbox.slack.payloads import channel_of, interaction, message_container
from bot.sandbox.slack.shapes import Json, SlackError
from bot.sandbox.slack.world import World

SHORTEST_QUERY = 3
"""How much somebody types before an app is asked, unless the select says otherwise."""


class Suggestions:
    """Sends block_suggestion and shows what comes back; a modal remembers what was offered in it."""

    def __init__(self, world: World, acts: Acts) -> None:
        self._world = world
        self._acts = acts

    async def suggest(self, user: User, select: Click, typed: str) -> Json:
        """The app's options for what was *typed* into *select*; raises SlackError for what Slack refuses."""
        block_id, action_id = str(select.action.get("block_id")), str(select.action.get("action_id"))
        blocks, place = self._place(user, select)
        element = find_element(blocks, block_id, action_id)
        if element["type"] not in EXTERNAL:
            raise SlackError("element_not_found")
        if len(typed) < element.get("min_query_length", SHORTEST_QUERY):
            return {"options": []}
        payload = interaction("block_suggestion", user, self._world.config.verification_token)
        payload |= place | {"action_id": action_id, "block_id": block_id, "value": typed}
        receipt = await self._acts.deliver(user, Envelope("interactive", payload))
        if not receipt.acknowledged or not isinstance(receipt.body, dict):
            raise SlackError("no_options")
        check_suggestions(receipt.body)
        view = self._world.views.get(select.view_id or "")
        if view is not None:
            self._world.views.note_offered(view, block_id, action_id, all_options(receipt.body))
        return receipt.body

    def _place(self, user: User, select: Click) -> tuple[list[Json], Json]:
        """The blocks that the select is among, and how the app is told where they are."""
        if select.view_id is not None:
            view = self._acts.view(user, select.view_id)
            return view.blocks, {"container": {"type": "view", "view_id": view.id}, "view": view.object()}
        conversation = self._acts.conversation(user, select.channel)
        message = self._acts.message(user, conversation, select.message_ts)
        return message.blocks, {"container": message_container(message), "channel": channel_of(conversation)}
