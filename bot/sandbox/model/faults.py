"""How the simulated model can be made to fail."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ModelFaults(BaseModel):
    """The switches of the simulated model; all off at first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    down: bool = False
    slow_ms: int = Field(default=0, ge=0, le=120_000)
    pace_ms: int = Field(default=0, ge=0, le=10_000)
    garbage: bool = False
    obedient: bool = False
    ignore_schema: bool = False
    truncate: bool = False
    break_off: bool = False
