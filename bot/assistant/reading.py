"""Reading what an endpoint sent: a whole answer, or one that comes piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.assistant.answer import LONGEST_ANSWER
from handlers.ports import AssistantUnavailable

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

Listen = Callable[[str], Awaitable[None]]
"""Is given an answer piece by piece, as it comes."""

_LETTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer's text and what it cost."""

    text: str
    response_id: str
    model: str
    input_tokens: int
    output_tokens: int
    truncated: bool


class NotStreamedError(Exception):
    """The server was asked for a stream and sent something else."""


def read_completion(completion: ChatCompletion) -> Completion:
    """Read a whole answer; raises AssistantUnavailable for one that holds none."""
    if not completion.choices:
        raise AssistantUnavailable("empty_answer")
    choice = completion.choices[0]
    if choice.finish_reason == "content_filter" or choice.message.refusal:
        raise AssistantUnavailable("refused")
    text = choice.message.content or ""
    if not text.strip():
        raise AssistantUnavailable("empty_answer")
    usage = completion.usage
    return Completion(
        text=text,
        response_id=str(completion.id or ""),
        model=str(completion.model or ""),
        input_tokens=usage.prompt_tokens if usage else 0,
        output_tokens=usage.completion_tokens if usage else 0,
        truncated=choice.finish_reason == "length",
    )


async def read_stream(chunks: AsyncIterable[ChatCompletionChunk], listen: Listen) -> Completion:
    """Read an answer as it comes, telling *listen*; a connection that ends before the answer cut it off.

    A server that tells no usage is taken to have written a token for every four letters.
    """
    text, response_id, model, finish, usage, began = "", "", "", "", None, False
    async for chunk in chunks:
        began = True
        response_id, model = str(chunk.id or response_id), str(chunk.model or model)
        usage = chunk.usage or usage
        for choice in (chunk.choices or ())[:1]:
            finish = choice.finish_reason or finish
            if finish == "content_filter" or choice.delta.refusal:
                raise AssistantUnavailable("refused")
            if more := choice.delta.content:
                text += more
                await listen(more)
        if len(text) > LONGEST_ANSWER:
            raise AssistantUnavailable("invalid_output")
    if not began:
        raise NotStreamedError
    if not text.strip():
        raise AssistantUnavailable("empty_answer")
    return Completion(
        text=text,
        response_id=response_id,
        model=model,
        input_tokens=usage.prompt_tokens if usage else 0,
        output_tokens=usage.completion_tokens if usage else len(text) // _LETTERS_PER_TOKEN,
        truncated=finish in ("length", ""),
    )
