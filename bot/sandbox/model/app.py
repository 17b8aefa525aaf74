"""A simulated language model behind the OpenAI API, so that the model path runs without a key.

POST /model/v1/chat/completions   answers from the JSON in the last user message
GET  /model/v1/models             {object, data: [model]}
GET  /model/sim/faults            {down, slow_ms, pace_ms, garbage, obedient, ignore_schema, truncate,
                                  break_off}
POST /model/sim/faults            any of them, with the header X-Sim: 1; answers all

With "stream" it answers in server-sent events, a few letters every *pace_ms*; *break_off* ends the connection
in the middle. *obedient* makes it do whatever a note tells it, as the worst of models would.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.sandbox.model.faults import ModelFaults
from bot.sandbox.model.writing import SandboxModel

MODEL = "sandbox-model"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_LETTERS_AT_ONCE = 24


class Clock(Protocol):
    """The time, aware and in UTC."""

    def now(self) -> datetime:
        """Return the present instant."""
        ...


@dataclass(frozen=True, slots=True)
class ModelSandboxConfig:
    """*api_key* is what callers must present; None lets everybody in. *pace_ms* is how slowly it writes."""

    api_key: str | None = None
    pace_ms: int = 0


class ModelServer:
    """The HTTP side of the simulated model."""

    def __init__(self, config: ModelSandboxConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._model = SandboxModel()
        self._model.faults = ModelFaults(pace_ms=config.pace_ms)
        self._asked = 0

    async def complete(self, request: Request) -> Response:
        """Answer a chat completion."""
        if self._config.api_key and request.headers.get("Authorization") != f"Bearer {self._config.api_key}":
            return _error(401, "invalid_api_key", "The key is not known.")
        faults = self._model.faults
        if faults.slow_ms:
            await asyncio.sleep(faults.slow_ms / 1000)
        if faults.down:
            return _error(503, "overloaded", "The model is down for the demonstration.")
        try:
            body = await request.json()
            messages = list(body["messages"])
        except (ValueError, KeyError, TypeError):
            return _error(400, "invalid_request", "The request has no messages.")
        self._asked += 1
        content = self._model.answer(messages)
        response_id = f"sandbox-{self._asked:06d}"
        whole = _completion(response_id, self._clock.now(), messages, content, cut=faults.truncate)
        if body.get("stream"):
            return StreamingResponse(_events(whole, faults), media_type="text/event-stream")
        return JSONResponse(whole)

    async def models(self, _: Request) -> Response:
        """List the one model."""
        created = int(self._clock.now().timestamp())
        one = {"id": MODEL, "object": "model", "created": created, "owned_by": "sandbox"}
        return JSONResponse({"object": "list", "data": [one]})

    async def faults(self, request: Request) -> Response:
        """Show or set the switches."""
        host = request.headers.get("Host", "")
        if (host if host.endswith("]") else host.rpartition(":")[0] or host) not in _LOOPBACK:
            return _error(403, "not_loopback", "The switches answer on the loopback address only.")
        if request.method != "POST":
            return JSONResponse(self._model.faults.model_dump())
        if request.headers.get("X-Sim") != "1":
            return _error(403, "header_missing", "Writes carry the header X-Sim: 1.")
        try:
            wanted = self._model.faults.model_dump() | await request.json()
            self._model.faults = ModelFaults.model_validate(wanted)
        except (ValueError, TypeError):
            return _error(400, "invalid_request", "These are not switches of the model.")
        return JSONResponse(self._model.faults.model_dump())


def build_model(config: ModelSandboxConfig, clock: Clock) -> Starlette:
    """Return the application with the simulated model's routes."""
    server = ModelServer(config, clock)
    return Starlette(
        routes=[
            Route("/model/v1/chat/completions", server.complete, methods=["POST"]),
            Route("/model/v1/models", server.models, methods=["GET"]),
            Route("/model/sim/faults", server.faults, methods=["GET", "POST"]),
        ]
    )


def _completion(
    response_id: str, now: datetime, messages: list[dict[str, Any]], content: str, *, cut: bool
) -> dict[str, Any]:
    content = content[: len(content) // 2] if cut else content
    sent = sum(len(str(message.get("content"))) for message in messages) // 4
    return {
        "id": response_id,
        "object": "chat.completion",
        "created": int(now.timestamp()),
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "finish_reason": "length" if cut else "stop",
                "message": {"role": "assistant", "content": content, "refusal": None},
                "logprobs": None,
            }
        ],
        "usage": {
            "prompt_tokens": sent,
            "completion_tokens": len(content) // 4,
            "total_tokens": sent + len(content) // 4,
        },
    }


async def _events(whole: dict[str, Any], faults: ModelFaults) -> AsyncIterator[str]:
    """Send an answer as a stream does: a few letters at a time, then why it ended, then what it cost."""
    common = {key: whole[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    [choice] = whole["choices"]
    content = choice["message"]["content"]
    ends = len(content) // 2 if faults.break_off else len(content)
    for at in range(0, ends, _LETTERS_AT_ONCE):
        if faults.pace_ms:
            await asyncio.sleep(faults.pace_ms / 1000)
        delta = {"content": content[at : min(at + _LETTERS_AT_ONCE, ends)]}
        yield _spelled(common | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    if faults.break_off:
        return
    last = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
    yield _spelled(common | {"choices": [last]})
    yield _spelled(common | {"choices": [], "usage": whole["usage"]})
    yield "data: [DONE]\n\n"


def _spelled(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data)}\n\n"


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse(
        {"error": {"message": message, "type": code, "param": None, "code": code}}, status_code=status
    )
