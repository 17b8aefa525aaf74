"""What `countersign doctor` looks at of the models: each is asked a question, as the service asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from bot.assistants import ai_settings
from bot.cli.finding import Finding, bad, good, warning
from bot.cli.opening import CannotOpen, opened
from bot.settings import Settings
from handlers.ports import AssistantUnavailable

if TYPE_CHECKING:
    import httpx2

    from bot.assistant.settings import AiSettings, Endpoint

QUESTION = [{"role": "user", "content": 'Answer with the JSON object {"ready": true} and nothing else.'}]
SCHEMA = {
    "type": "object",
    "properties": {"ready": {"type": "boolean"}},
    "required": ["ready"],
    "additionalProperties": False,
}
UNTIL_THEN = "until then no AI is used"
REMEDIES = {
    "unreachable": f"no answer, or a TLS certificate that does not hold. Check the network and "
    f"COUNTERSIGN_AI__BASE_URL; {UNTIL_THEN}.",
    "timeout": f"no answer in time. Check COUNTERSIGN_AI__BASE_URL; {UNTIL_THEN}.",
    "not_authorised": "the key is refused. Check COUNTERSIGN_AI__API_KEY.",
    "rate_limited": f"it asks us to wait, or its quota is used up. Look at its account; {UNTIL_THEN}.",
    "endpoint_error": f"it fails. Ask whoever runs it; {UNTIL_THEN}.",
}
NOT_THERE = "there is no model {model} there. Check COUNTERSIGN_AI__MODEL and COUNTERSIGN_AI__BASE_URL."


async def models(settings: Settings) -> AsyncIterator[Finding]:
    """Ask every endpoint, and say which donors none of them may read."""
    if not settings.ai.is_configured:
        yield good("Model", "none: summaries are written from CRM records without AI")
        return
    from bot.assistant.settings import EU_ONLY, OWN_MACHINES

    configured = ai_settings(settings.ai)
    for endpoint in configured.endpoints:
        yield await asked(endpoint, configured)
    regions = sorted({each.region for each in configured.endpoints})
    if configured.endpoint_for(EU_ONLY) is None:
        told = "no AI for donors whose data must stay in the EU. To allow it, add an endpoint there"
        yield warning("Model regions", f"{', '.join(regions)}: {told}: COUNTERSIGN_AI__EU_BASE_URL.")
    else:
        anywhere = " (our own machines)" if OWN_MACHINES in regions else ""
        yield good("Model regions", f"{', '.join(regions)}{anywhere}, the EU included")
    yield await _rehearsed(settings)


async def asked(
    endpoint: Endpoint,
    configured: AiSettings,
    http_client: Callable[[], httpx2.AsyncClient] | None = None,
) -> Finding:
    """Ask one question without anybody's data: a list of models would answer where no model does."""
    from bot.assistant.completion import ChatEndpoint

    what = f"Model ({endpoint.region})"
    asking = ChatEndpoint(endpoint, configured, http_client)
    try:
        await asking.ask(QUESTION, SCHEMA)
    except AssistantUnavailable as unavailable:
        if unavailable.code == "model_not_found":
            return bad(what, NOT_THERE.format(model=endpoint.model))
        told = f"it does not answer as it should ({unavailable.code}); {UNTIL_THEN}."
        return bad(what, REMEDIES.get(unavailable.code, told))
    finally:
        await asking.close()
    return good(what, f"{endpoint.model} answers")


async def _rehearsed(settings: Settings) -> Finding:
    """Say for which uses the configured model passed its rehearsal with the prompt that ships."""
    from bot.assistant.prompt import prompt_in_version
    from bot.cli.eval_candidates import PROMPTS

    model = settings.ai.model
    missing = list(PROMPTS)
    try:
        async with opened(settings.database_url) as stored:
            for use, (name, _) in PROMPTS.items():
                found = await stored.read(lambda tx, name=name: tx.promotions.in_force(name, model))  # type: ignore[misc]
                if found and prompt_in_version(name, found.prompt_version):
                    missing.remove(use)
    except CannotOpen:
        pass  # the database has its own line
    if not missing:
        return good("Model rehearsed", "for every use")
    return good(
        "Model rehearsed",
        f"not yet for {', '.join(missing)}; cards say so. To try it out: "
        f"countersign eval rehearse --use {missing[0]} --by YOUR-E-MAIL",
    )
