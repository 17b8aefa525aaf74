"""Figures with their sample, beside what they are to be."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
    _remember(name, figure, target)


REACHED, MISSED = "reached", "MISSED"


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure beside its target, for the table at the end."""

    what: str
    figure: str
    target: str
    verdict: str
    load: float


FINDINGS = "COUNTERSIGN_BENCH_FINDINGS"
"""Names the file in which the parts, which are processes of their own, leave what goes into the table."""


def found(what: str, figure: str, *, target: str, is_reached: bool) -> None:
    """Print a figure that has a target; it is in the table at the end too."""
    line(what, figure, target=f"{target}: {verdict(reached=is_reached)}")


def summary(findings: Path) -> None:
    """Print every figure that has a target, with the machine's load when it was taken."""
    rows = [Finding(**json.loads(row)) for row in findings.read_text().splitlines()]
    print("\nFigures and targets\n-------------------")
    for each in rows:
        print(f"  {each.verdict:<8} {each.what:<66} {each.figure:<40} {each.target:<22} load {each.load:.1f}")
    reached = sum(each.verdict == REACHED for each in rows)
    print(f"  {reached} of {len(rows)} reached", flush=True)


def _remember(what: str, figure: object, target: str) -> None:
    aim, _, told = target.rpartition(": ")
    file = os.environ.get(FINDINGS)
    if file and told in (REACHED, MISSED):
        finding = Finding(what.strip(), " ".join(str(figure).split()), aim, told, os.getloadavg()[0])
        with Path(file).open("a") as findings:
            findings.write(json.dumps(asdict(finding)) + "\n")


def verdict(*, reached: bool) -> str:
    """Say in a word whether a target was reached in this run."""
    return REACHED if reached else MISSED


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
