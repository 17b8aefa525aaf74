"""What a model was asked and what it answered, word for word, beside what verification left of it."""

from __future__ import annotations

from handlers.context import Arrived
from handlers.record.evidence import record as write_down
from policy.draft import Heard, ModelCall
from storage.transaction import Transaction

PROMPT_RECORDED = "prompt.recorded"
_KNOWN = "prompt:{name}:{version}"


def write_what_was_said(
    tx: Transaction, arrived: Arrived, heard: Heard | None, *, subject: str, use: str
) -> None:
    """Write down "<use>.model_answered" about the donor; nothing when no model said anything.

    *use* is what the answer was for ("summary", "recommendation"), so that it is kept exactly as long. The
    text of a prompt is written down once, when a version of it is first used.
    """
    if heard is None:
        return
    call = heard.call
    _keep_prompt(tx, arrived, call)
    write_down(
        tx,
        arrived,
        f"{use}.model_answered",
        subject=subject,
        call=call.model_dump(mode="json", exclude={"instructions"}),
        unusable=heard.unusable,
        kept=[each.model_dump(mode="json") for each in heard.kept],
        removed=[each.model_dump(mode="json") for each in heard.removed],
    )


def _keep_prompt(tx: Transaction, arrived: Arrived, call: ModelCall) -> None:
    key = _KNOWN.format(name=call.prompt, version=call.prompt_version)
    if tx.settings.get(key) is not None:
        return
    tx.settings.put(key, value=True, now=arrived.now)
    write_down(
        tx,
        arrived,
        PROMPT_RECORDED,
        subject=None,
        prompt=call.prompt,
        version=call.prompt_version,
        text=call.instructions,
    )
