"""The assistant: a language model asked with protected data, whose every sentence is verified afterwards."""

from __future__ import annotations

from bot.assistant.openai_assistant import OpenAiAssistant
from bot.assistant.settings import AiSettings, Endpoint
from handlers.ports import AssistantUnavailable
from policy.draft import Draft
from policy.injection import suspects_injection

__all__ = ["AiSettings", "AssistantUnavailable", "Draft", "Endpoint", "OpenAiAssistant", "suspects_injection"]
