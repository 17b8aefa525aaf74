"""Figures with their sample, beside what they are to be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spread:
    """The distribution of whole-run measurements, in milliseconds."""

    n: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """Summarise measurements in seconds; raises ValueError when there are none."""
        if not seconds:
            raise ValueError("nothing was measured")
        ordered = sorted(seconds)

        def at(share: float) -> float:
            return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000

        return cls(len(ordered), at(0.50), at(0.95), at(0.99))

    def __str__(self) -> str:
        return f"p50 {self.p50:8.2f}  p95 {self.p95:8.2f}  p99 {self.p99:8.2f} ms   n={self.n}"


def heading(text: str) -> None:
    """Begin a section, with the load of the machine that the figures were taken under."""
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"\n{text}\n{'-' * len(text)}  (load average {load}, {os.cpu_count()} cores)", flush=True)


def line(name: str, figure: object, *, target: str = "", remark: str = "") -> None:
    """Print one figure."""
    aim = f"   target {target}" if target else ""
    print(f"  {name:<50} {figure}{aim}{f'   {remark}' if remark else ''}", flush=True)


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure beside its target, for the table at the end."""

    what: str
    figure: str
    target: str
    is_reached: bool
    load: float


_FOUND: list[Finding] = []


def found(what: str, figure: str, *, target: str, is_reached: bool) -> None:
    """Print a figure that has a target, and remember it for the table at the end."""
    line(what, figure, target=f"{target}: {verdict(reached=is_reached)}")
    _FOUND.append(Finding(what.strip(), figure, target, is_reached, os.getloadavg()[0]))


def summary() -> None:
    """Print every figure that has a target, with the machine's load at the time."""
    if not _FOUND:
        return
    print("\nFigures and targets\n-------------------")
    for each in _FOUND:
        state = "reached" if each.is_reached else "MISSED "
        print(f"  {state}  {each.what:<58} {each.figure:>16}   {each.target:<18} load {each.load:.1f}")
    print(f"  {sum(each.is_reached for each in _FOUND)} of {len(_FOUND)} reached", flush=True)


def verdict(*, reached: bool) -> str:
    """Say in a word whether a target was reached in this run."""
    return "reached" if reached else "MISSED"


def cpu_seconds(pid: int) -> float:
    """Return the processor time that process *pid* has used so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def resident_mb(pid: int) -> float:
    """Return the resident memory of process *pid* in megabytes (10^6 bytes)."""
    for row in Path(f"/proc/{pid}/status").read_text().splitlines():
        if row.startswith("VmRSS:"):
            return int(row.split()[1]) * 1024 / 1e6
    raise ValueError("no resident memory is reported")
