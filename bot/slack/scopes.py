"""Every Web API method the adapter calls, and the permissions it needs for it."""

from __future__ import annotations

_HISTORY = frozenset({"channels:history", "groups:history", "im:history"})
_READ = frozenset({"channels:read", "groups:read"})

METHODS_AND_SCOPES: dict[str, frozenset[str]] = {
    "assistant.threads.setSuggestedPrompts": frozenset({"assistant:write"}),
    "auth.test": frozenset(),
    "chat.appendStream": frozenset({"chat:write"}),
    "chat.delete": frozenset({"chat:write"}),
    "chat.postEphemeral": frozenset({"chat:write"}),
    "chat.postMessage": frozenset({"chat:write"}),
    "chat.getPermalink": frozenset({"chat:write"}),
    "chat.startStream": frozenset({"chat:write"}),
    "chat.stopStream": frozenset({"chat:write"}),
    "chat.update": frozenset({"chat:write"}),
    "files.completeUploadExternal": frozenset({"files:write"}),
    "files.getUploadURLExternal": frozenset({"files:write"}),
    "conversations.history": _HISTORY,
    "conversations.info": _READ | {"im:read"},
    "conversations.list": _READ,
    "conversations.open": frozenset({"im:write"}),
    "conversations.replies": _HISTORY,
    "users.info": frozenset({"users:read"}),
    "users.lookupByEmail": frozenset({"users:read", "users:read.email"}),
    "views.open": frozenset(),
    "views.publish": frozenset(),
    "views.push": frozenset(),
    "views.update": frozenset(),
}

EVENTS_AND_SCOPES: dict[str, frozenset[str]] = {
    "app_home_opened": frozenset(),
    "app_mention": frozenset({"app_mentions:read"}),
    "app_uninstalled": frozenset(),
    "message.im": frozenset({"im:history"}),
    "tokens_revoked": frozenset(),
}

COMMAND_SCOPES = frozenset({"commands"})
