"""From options to the assistant that is tried."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

from bot.assistant.openai_assistant import RECOMMEND, SUMMARISE, TRIAGE, OpenAiAssistant
from bot.assistant.prompt import Prompt, prompt_in_version, read_prompt
from bot.assistant.settings import AiSettings
from bot.assistants import ai_settings
from bot.cli.loading import ai_here

PROMPTS = {"summary": SUMMARISE, "recommendation": RECOMMEND, "triage": TRIAGE}
NO_MODEL = "No model is configured: set COUNTERSIGN_AI__MODEL with COUNTERSIGN_AI__BASE_URL or …API_KEY."
NO_PROMPT = "There is no version {version} of the prompt for {use}."


class NotThere(Exception):
    """What was asked for does not exist; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An assistant to try, with its name."""

    assistant: OpenAiAssistant
    model: str
    prompts: dict[str, Prompt]

    @property
    def label(self) -> str:
        """Name the model and the versions of its prompts."""
        versions = ", ".join(f"{p.name} {p.version.partition('+')[0]}" for p in self.prompts.values())
        return f"{self.model} ({versions})"


def is_configured(options: argparse.Namespace) -> bool:
    """Say whether there is a model to try."""
    return ai_here().is_configured or bool(options.model and options.endpoint)


def candidate(options: argparse.Namespace) -> Candidate:
    """Return the assistant that *options* name; what they leave out is as configured. Raises NotThere."""
    settings = _settings(options)
    uses = [options.use] if options.use in PROMPTS else list(PROMPTS)
    prompts = {}
    for use in uses:
        name, shipped = PROMPTS[use]
        version = options.prompt or shipped
        try:
            prompts[name] = read_prompt(name, version)
        except FileNotFoundError:
            raise NotThere(NO_PROMPT.format(version=version, use=use)) from None
    return _opened(settings, prompts)


def in_force(use: str, promoted: str | None) -> Candidate:
    """Return the configured assistant with the prompt in the version that was *promoted*, else as shipped."""
    name, shipped = PROMPTS[use]
    prompt = (prompt_in_version(name, promoted) if promoted else None) or read_prompt(name, shipped)
    return _opened(ai_settings(ai_here()), {name: prompt})


def _settings(options: argparse.Namespace) -> AiSettings:
    configured = ai_here()
    told = {"model": options.model, "base_url": options.endpoint}
    told = {name: value for name, value in told.items() if value}
    settings = ai_settings(configured.model_copy(update=told))
    if not settings.endpoints[0].model:
        raise NotThere(NO_MODEL)
    return replace(settings, endpoints=settings.endpoints[:1])


def _opened(settings: AiSettings, prompts: dict[str, Prompt]) -> Candidate:
    # Every case is fictional: notes are sent, since what is in them is part of what is tried.
    tried = replace(settings, send_notes=True, failures_until_open=1_000_000)
    return Candidate(OpenAiAssistant(tried, prompts=prompts), settings.endpoints[0].model, prompts)
