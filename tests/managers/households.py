"""What households come to when they are added up one by one, to hold the database's sums against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from policy.clustered import Arm, Compared


def compared_of(households: Iterable[Mapping[str, int]]) -> Compared:
    """Add households up; each has n1 and x1 of what was acted on and n0 and x0 of what was not."""
    rows = [(h["n1"], h["x1"], h["n0"], h["x0"]) for h in households]
    return Compared(
        acted=_arm([(n1, x1) for n1, x1, _, _ in rows if n1]),
        others=_arm([(n0, x0) for _, _, n0, x0 in rows if n0]),
        xx=sum(x1 * x0 for _, x1, _, x0 in rows),
        xn=sum(x1 * n0 for _, x1, n0, _ in rows),
        nx=sum(n1 * x0 for n1, _, _, x0 in rows),
        nn=sum(n1 * n0 for n1, _, n0, _ in rows),
    )


def _arm(rows: list[tuple[int, int]]) -> Arm:
    return Arm(
        households=len(rows),
        n=sum(n for n, _ in rows),
        x=sum(x for _, x in rows),
        xx=sum(x * x for _, x in rows),
        xn=sum(x * n for n, x in rows),
        nn=sum(n * n for n, _ in rows),
    )
