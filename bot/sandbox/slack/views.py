"""Modals and Home tabs: what is open for whom, and the hashes that guard against lost updates."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

from bot.sandbox.journal import Journal
from bot.sandbox.people import APP_ID, BOT_ID, TEAM_ID
from bot.sandbox.slack.hub import Hub
from bot.sandbox.slack.mint import Mint
from bot.sandbox.slack.page_shapes import page_view, visible_blocks
from bot.sandbox.slack.shapes import Json, SlackError

STACK_LIMIT = 3
_CARRIED = (
    "type",
    "title",
    "blocks",
    "submit",
    "close",
    "callback_id",
    "private_metadata",
    "external_id",
    "notify_on_close",
    "clear_on_close",
    "submit_disabled",
)


@dataclass(frozen=True, slots=True)
class View:
    """A view of one *user*; *content* is what the app sent, *values* the last known state of its inputs.

    *offered* holds, by block and action, the options that the app ever offered for an external select.
    """

    id: str
    user: str
    hash: str
    content: Json
    root_id: str
    previous_id: str | None
    values: Json
    offered: Json = field(default_factory=dict)

    @property
    def blocks(self) -> list[Json]:
        """The view's blocks."""
        blocks: list[Json] = self.content["blocks"]
        return blocks

    def object(self) -> Json:
        """The view as the Web API and interaction payloads carry it."""
        defaults: Json = {
            "title": None,
            "submit": None,
            "close": None,
            "callback_id": "",
            "private_metadata": "",
            "external_id": "",
            "notify_on_close": False,
            "clear_on_close": False,
        }
        return (
            defaults
            | self.content
            | {
                "id": self.id,
                "team_id": TEAM_ID,
                "hash": self.hash,
                "state": {"values": self.values},
                "root_view_id": self.root_id,
                "previous_view_id": self.previous_id,
                "app_id": APP_ID,
                "app_installed_team_id": TEAM_ID,
                "bot_id": BOT_ID,
            }
        )

    def shown(self) -> Json:
        """The view for its user's page."""
        view = page_view(self.object())
        return view | {"blocks": visible_blocks(self.blocks, self.user)}


class ViewStore:
    """Open modals as a stack per user, one Home per user; pages are told of every change."""

    def __init__(self, journal: Journal, mint: Mint, hub: Hub) -> None:
        self._journal = journal
        self._mint = mint
        self._hub = hub
        self._views = {key: View(**document) for key, document in journal.load("views").items()}
        self._homes = {key: View(**document) for key, document in journal.load("homes").items()}

    def get(self, view_id: str) -> View | None:
        """An open modal or a Home by its id."""
        homes = {view.id: view for view in self._homes.values()}
        return self._views.get(view_id) or homes.get(view_id)

    def by_external_id(self, external_id: str) -> View | None:
        """The view the app named itself."""
        views = [*self._views.values(), *self._homes.values()]
        return next((view for view in views if view.content.get("external_id") == external_id), None)

    def stack(self, user: str) -> list[View]:
        """The user's open modals, the top one last."""
        return [view for view in self._views.values() if view.user == user]

    def home(self, user: str) -> View | None:
        """What the user's Home tab shows."""
        return self._homes.get(user)

    def open(self, user: str, content: Json) -> View:
        """Show a modal; modals the user had open before give way."""
        self._refuse_duplicate(content, None)
        self.clear(user)
        view = self._fresh(user, content, None)
        self._keep(view)
        self._publish("view_opened", view)
        return view

    def push(self, user: str, content: Json) -> View:
        """Put a modal on top of the open ones, three at most."""
        stack = self.stack(user)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK_LIMIT:
            raise SlackError("push_limit_reached")
        self._refuse_duplicate(content, None)
        view = self._fresh(user, content, stack[-1])
        self._keep(view)
        self._publish("view_pushed", view)
        return view

    def update(self, view: View, content: Json, expected_hash: str | None) -> View:
        """Replace a view's content; state of inputs that keep block_id and action_id stays."""
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        self._refuse_duplicate(content, view.id)
        changed = replace(
            view, content=carried(content), hash=self._hash(), values=_still_asked(view.values, content)
        )
        self._keep(changed)
        self._publish("home" if changed.content["type"] == "home" else "view_updated", changed)
        return changed

    def publish(self, user: str, content: Json, expected_hash: str | None) -> View:
        """Show a Home tab to one user."""
        view = self._homes.get(user)
        if view is not None:
            return self.update(view, content, expected_hash)
        self._refuse_duplicate(content, None)
        view = self._fresh(user, content, None)
        self._keep(view)
        self._publish("home", view)
        return view

    def note_values(self, view: View, values: Json) -> View:
        """Remember what the user has entered so far."""
        changed = replace(view, values=values)
        self._keep(changed)
        return changed

    def note_offered(self, view: View, block_id: str, action_id: str, options: list[Json]) -> None:
        """Remember what the app offered to choose from."""
        block = view.offered.get(block_id, {})
        known = [option for option in block.get(action_id, []) if option not in options]
        self._keep(replace(view, offered=view.offered | {block_id: block | {action_id: [*known, *options]}}))

    def close(self, view: View) -> None:
        """Take one modal away."""
        self._views.pop(view.id, None)
        self._journal.delete("views", view.id)
        self._hub.publish("view_closed", lambda _: {"view_id": view.id}, (view.user,))

    def clear(self, user: str) -> None:
        """Take all the user's modals away, the top one first."""
        for view in reversed(self.stack(user)):
            self.close(view)

    def _fresh(self, user: str, content: Json, below: View | None) -> View:
        view_id = self._mint.id("V")
        return View(
            view_id,
            user,
            self._hash(),
            carried(content),
            root_id=below.root_id if below else view_id,
            previous_id=below.id if below else None,
            values={},
        )

    def _hash(self) -> str:
        return f"{self._mint.seconds()}.{self._mint.short()}"

    def _keep(self, view: View) -> None:
        if view.content["type"] == "home":
            self._homes[view.user] = view
            self._journal.put("homes", view.user, asdict(view))
        else:
            self._views[view.id] = view
            self._journal.put("views", view.id, asdict(view))

    def _publish(self, event: str, view: View) -> None:
        self._hub.publish(event, lambda _: {"view": view.shown()}, (view.user,))

    def _refuse_duplicate(self, content: Json, own_id: str | None) -> None:
        external_id = content.get("external_id")
        other = self.by_external_id(external_id) if external_id else None
        if other is not None and other.id != own_id:
            raise SlackError("duplicate_external_id")


def _still_asked(values: Json, content: Json) -> Json:
    block_ids = {block.get("block_id") for block in content["blocks"]}
    return {block_id: entries for block_id, entries in values.items() if block_id in block_ids}


def carried(content: Json) -> Json:
    """The keys of a view that the app decides."""
    return {key: content[key] for key in _CARRIED if key in content}
