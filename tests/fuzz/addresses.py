"""Schemathesis over every address of the service, by the OpenAPI description of its pages and what we add."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import schemathesis
from fastapi import FastAPI
from hypothesis import strategies as st

from bot.http.dashboard import COOKIE

MEANT = {503}
"""We answer so on purpose, when something that is needed cannot be asked just now."""
HARDENING = ("x-content-type-options", "cache-control", "content-security-policy", "referrer-policy")
CHOICES = {
    "kind": {"type": "string", "examples": ["adoption", "override", "outcomes", "operations"]},
    "days": {"type": "string", "examples": ["7", "28", "90"]},
    "team": {"type": "string", "examples": ["major"]},
}
ANSWER = {"responses": {"200": {"description": "An answer"}}}


class Unguarded(Exception):
    """An answer that must not be given, or not so."""


def described(pages: FastAPI) -> dict[str, Any]:
    """Return the description of *pages*, with what the framework cannot see, and the doors beside them."""
    found: dict[str, Any] = pages.openapi()
    asked = [{"name": name, "in": "query", "schema": schema} for name, schema in CHOICES.items()]
    for path in ("/dashboard", "/dashboard/figures.csv"):
        found["paths"][path]["get"]["parameters"] = asked
    form = {"type": "object", "properties": {"link": {"type": "string"}}}
    found["paths"]["/dashboard/enter"]["post"]["requestBody"] = {
        "content": {"application/x-www-form-urlencoded": {"schema": form}}
    }
    signed = [
        {"name": name, "in": "header", "schema": {"type": "string"}}
        for name in ("webhook-id", "webhook-signature", "x-slack-signature", "x-slack-request-timestamp")
    ]
    for path in ("/crm/events", "/slack/events"):
        body = {"content": {"application/json": {"schema": {}}, "text/plain": {"schema": {"type": "string"}}}}
        found["paths"][path] = {"post": {"parameters": signed, "requestBody": body, **ANSWER}}
    for path in ("/healthz", "/readyz", "/dashboard/{anywhere}"):
        where = [{"name": "anywhere", "in": "path", "required": True, "schema": {"type": "string"}}]
        found["paths"][path] = {"get": {"parameters": where if "{" in path else [], **ANSWER}}
    return found


def requests(pages: FastAPI) -> st.SearchStrategy[schemathesis.Case]:
    """Return requests to every address, well formed and not."""
    logging.getLogger("schemathesis").setLevel(logging.ERROR)
    schema = schemathesis.openapi.from_dict(described(pages))

    def each() -> Iterator[st.SearchStrategy[schemathesis.Case]]:
        for operation in schema.get_all_operations():
            for mode in schemathesis.GenerationMode:
                yield operation.ok().as_strategy(generation_mode=mode)

    return st.one_of(*each())


def ask(case: schemathesis.Case, origin: str, session: str) -> None:
    """Send *case* without and with a manager's session; raises Unguarded for an answer nobody means."""
    for cookies in ({}, {COOKIE: session}):
        answer = case.call(base_url=origin, cookies=cookies, allow_redirects=False, timeout=30)
        told = f"{case.method} {case.formatted_path} answered {answer.status_code}"
        if answer.status_code >= 500 and answer.status_code not in MEANT:
            raise Unguarded(told)
        headers = {name.lower() for name in answer.headers}
        missing = [name for name in HARDENING if name not in headers]
        # What is no request at all, the server itself refuses before we see it.
        if missing and answer.status_code != 400:
            raise Unguarded(f"{told} without {', '.join(missing)}")
        if "Traceback" in str(answer.content):
            raise Unguarded(f"{told} with a traceback")
