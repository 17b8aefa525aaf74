"""One question to a model: asked, repaired once, heard as it comes, and what is left when it breaks off."""

from __future__ import annotations

from bot.assistant.answer import (
    LONGEST_ANSWER,
    Answer,
    ClaimAnswer,
    UnreadableAnswerError,
    answer_schema,
    read_answer,
)
from bot.assistant.completion import ChatEndpoint, Messages
from bot.assistant.pseudonyms import Pseudonyms
from bot.assistant.reading import Completion, Listen
from bot.assistant.streaming import ClaimStream, complete_claims
from bot.assistant.telemetry import Observed
from handlers.ports import AssistantUnavailable, Hear
from policy.claims import Claim

LEAKED = "instructions_leaked"
_LETTERS_PER_TOKEN = 4


class Question:
    """What is asked, and everything that came of it; *hear* is told each sentence, with names."""

    def __init__(
        self,
        messages: Messages,
        actions: tuple[str, ...],
        code_word: str,
        observed: Observed,
        names: Pseudonyms | None = None,
        hear: Hear | None = None,
    ) -> None:
        self.observed = observed
        self._messages, self._actions, self._code_word = messages, actions, code_word
        self._names, self._hear = names, hear
        self._heard: dict[str, ClaimAnswer] = {}
        self._stream = ClaimStream()

    async def ask_and_repair(self, endpoint: ChatEndpoint) -> Answer:
        """Ask, and once more with what was wrong; raises AssistantUnavailable."""
        schema = answer_schema(self._actions)
        first = await self._ask(endpoint, self._messages, schema)
        try:
            return read_answer(first.text, self._actions)
        except UnreadableAnswerError as error:
            complaint = (
                "Your answer was cut off." if first.truncated else "Your answer does not fit the schema."
            )
            request = (
                f"{complaint} {'; '.join(error.complaints)}. Answer again with the JSON object only, shorter."
            )
        again = [
            *self._messages,
            {"role": "assistant", "content": first.text[:8000]},
            {"role": "user", "content": request},
        ]
        second = await self._ask(endpoint, again, schema)
        try:
            return read_answer(second.text, self._actions)
        except UnreadableAnswerError:
            raise AssistantUnavailable("truncated" if second.truncated else "invalid_output") from None

    def broke_off(self) -> None:
        """Keep what came of an answer that never ended: it was written, and it is paid for."""
        partial, self.observed.partial = self.observed.partial, ""
        if not partial:
            return
        sent, written = self.observed.tokens
        self.observed.said = (*self.observed.said, as_evidence(partial))
        self.observed.tokens = (
            sent + self._sent(),
            written + len(partial) // _LETTERS_PER_TOKEN,
        )

    def left_of(self, code: str) -> tuple[Claim, ...]:
        """Return the sentences that were complete when it failed; none of a model that was turned."""
        if self._names is None or code == LEAKED:
            return ()
        whole = tuple(self._heard.values())
        if not whole and code == "truncated":
            whole = complete_claims(self.observed.said[-1])
        return tuple(self._names.claim(each) for each in whole)

    async def _ask(self, endpoint: ChatEndpoint, messages: Messages, schema: dict[str, object]) -> Completion:
        self._stream = ClaimStream()
        listen: Listen | None = self._listen if self._hear else None
        completion = await endpoint.ask(messages, schema, listen)
        self._observe(completion)
        return completion

    async def _listen(self, more: str) -> None:
        complete = self._stream.feed(more)
        self.observed.partial = self._stream.text
        if self._code_word in self._stream.text:
            raise AssistantUnavailable(LEAKED)
        for each in complete:
            if self._names and self._hear and each.text not in self._heard:
                self._heard[each.text] = each
                await self._hear(self._names.claim(each))

    def _sent(self) -> int:
        """Return about how many tokens a question has, for a server that does not say."""
        return sum(len(each["content"]) for each in self._messages) // _LETTERS_PER_TOKEN

    def _observe(self, completion: Completion) -> None:
        observed = self.observed
        observed.partial = ""
        sent = completion.input_tokens or self._sent()
        observed.tokens = (
            observed.tokens[0] + sent,
            observed.tokens[1] + completion.output_tokens,
        )
        observed.said = (*observed.said, as_evidence(completion.text))
        observed.model, observed.response_id = completion.model, completion.response_id
        observed.finish = "length" if completion.truncated else "stop"
        if self._code_word in completion.text:
            # Whoever gets a model to give away its instructions can get it to say anything.
            raise AssistantUnavailable(LEAKED)


def as_evidence(said: str) -> str:
    """Return what a model *said* as it is kept: word for word, up to the length that can be an answer."""
    more = len(said) - LONGEST_ANSWER
    return said if more <= 0 else f"{said[:LONGEST_ANSWER]}… ({more} characters more)"
