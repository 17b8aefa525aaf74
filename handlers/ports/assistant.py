"""A language model as handlers need it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from policy.claims import Claim

if TYPE_CHECKING:
    from policy.donor import DonorRecord
    from policy.draft import Draft, ModelCall
    from policy.events import CrmEvent
    from policy.facts import DonorFacts
    from policy.recommender import Proposal


class AssistantUnavailable(Exception):
    """No model answered usefully; *code* says why in one word for people to look up.

    *call* is what was asked and answered, where something was; *left* holds the sentences that were complete
    when the answer broke off, if any were.
    """

    def __init__(self, code: str, call: ModelCall | None = None, left: Draft | None = None) -> None:
        super().__init__(code)
        self.code, self.call, self.left = code, call, left


class CutShort(asyncio.CancelledError):
    """Whoever waited for a model gave up; *call* and *left* are what had come of it until then."""

    def __init__(self, call: ModelCall, left: Draft) -> None:
        super().__init__()
        self.call, self.left = call, left


Hear = Callable[[Claim], Awaitable[None]]
"""Is told every sentence of an answer as it comes, unverified."""


class Assistant(Protocol):
    """A language model without tools or authority; what it says is verified before anybody sees it.

    Cancelled while it writes, it raises CutShort if anything had come by then.
    """

    async def summarise(self, record: DonorRecord, facts: DonorFacts, hear: Hear | None = None) -> Draft:
        """Draft a summary, telling *hear* sentence by sentence; raises AssistantUnavailable."""
        ...

    async def recommend(
        self, record: DonorRecord, facts: DonorFacts, event: CrmEvent | None, proposal: Proposal
    ) -> Draft:
        """Draft the reasons for *proposal*, whose action it cannot change; raises AssistantUnavailable."""
        ...

    async def triage(
        self,
        record: DonorRecord,
        facts: DonorFacts,
        event: CrmEvent | None,
        proposal: Proposal,
        message: str = "",
    ) -> Draft:
        """Draft what whoever deals with it should know, and say how pressing it is.

        *message* is what a colleague passed on. Raises AssistantUnavailable.
        """
        ...

    async def answer(
        self, record: DonorRecord, facts: DonorFacts, question: str, hear: Hear | None = None
    ) -> Draft:
        """Draft an answer to a colleague's *question*, telling *hear*; raises AssistantUnavailable."""
        ...
