"""What managers receive."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from policy.digest import DigestFigure, DigestKind, DigestSection
from policy.value import Value

__all__ = ["DigestDetail", "DigestFigure", "DigestShown"]


class DigestShown(Value):
    """A digest of one *team*, or of everybody, in the time zone *zone*; the period before ends at its start.

    The first charts of the *sections* are shown at once where *charts* may be, the rest is for the thread.
    """

    type: Literal["digest"] = "digest"
    kind: DigestKind = DigestKind.ADOPTION
    title: str
    team: str | None = None
    zone: str = "UTC"
    period_start: AwareDatetime
    period_end: AwareDatetime
    headline: str
    figures: tuple[DigestFigure, ...]
    sections: tuple[DigestSection, ...] = ()
    footnotes: tuple[str, ...] = ()
    late: bool = False
    charts: bool = True


class DigestDetail(Value):
    """One section of a digest, in its thread."""

    type: Literal["digest_detail"] = "digest_detail"
    section: DigestSection
    charts: bool = True
