"""Sending spans where the environment says, if it says so and the libraries for it are installed."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from importlib.util import find_spec

from handlers.spans import look_again

log = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def start_tracing(role: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send spans over OTLP when OpenTelemetry's own variables name an endpoint; say whether it is done."""
    if not any(environment.get(name) for name in ENDPOINTS):
        return False
    try:
        missing = [name for name in NEEDED if find_spec(name) is None]
    except ModuleNotFoundError:
        missing = list(NEEDED)
    if missing:
        log.warning("no traces are sent: install countersign[tracing]", extra={"missing": ", ".join(missing)})
        return False
    _install(role)
    return True


def _install(role: str) -> None:
    from opentelemetry import trace  # noqa: PLC0415 - only where traces are wanted
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "countersign", "service.role": role}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    look_again()
