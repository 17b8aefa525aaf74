"""Policy versions, and the proposals by which one takes the place of another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack, cast

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from storage.conflict import insert_new
from storage.schema import POLICY_PROPOSALS, POLICY_VERSIONS

NO_REPORT, FORGOTTEN_REPORT = b"{}", b'{"forgotten":true}'
"""In the place of a report: there never was one, and its time of keeping is over."""

ProposalState = Literal["proposed", "in_force", "retired", "rejected", "withdrawn"]
ProposalKind = Literal["first", "change", "rollback", "upgrade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """The text of a policy under the digest of its content; *source_digest* shows whether it was altered."""

    version: str
    title: str
    source: str
    source_digest: str
    stored_at: datetime

    @property
    def is_intact(self) -> bool:
        """Say whether the text is the one that was stored."""
        return source_digest(self.source) == self.source_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProposal:
    """One version put forward against *base_version*, by whom, and what became of it.

    *author* is an e-mail address, *report* and *approvals* are JSON that only the use cases read. Times are
    UTC; *decided_at* is when it came into force or was turned down.
    """

    id: str
    version: str
    base_version: str | None
    kind: ProposalKind
    state: ProposalState = "proposed"
    revision: int = 1
    author: str
    people_needed: int
    report: bytes
    approvals: bytes = b"[]"
    proposed_at: datetime
    decided_at: datetime | None = None
    decided_by_name: str | None = None
    retired_at: datetime | None = None
    channel_id: str | None = None
    message_ts: str | None = None
    correlation_id: str


class ProposalChanges(TypedDict, total=False):
    """What may change together with a proposal's state."""

    approvals: bytes
    decided_at: datetime
    decided_by_name: str
    retired_at: datetime


class Policies:
    """All versions and proposals, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, version: str, title: str, source: str, now: datetime) -> None:
        """Store a version unless it is there already."""
        values = PolicyVersion(
            version=version,
            title=title,
            source=source,
            source_digest=source_digest(source),
            stored_at=now,
        )
        insert_new(self._connection, POLICY_VERSIONS, ("version",), asdict(values))

    def put_back(self, version: str, title: str, source: str, now: datetime) -> None:
        """Store a version's text in the place of one that was altered or is gone."""
        table = POLICY_VERSIONS
        values = {"source": source, "source_digest": source_digest(source)}
        if not self._connection.execute(
            update(table).where(table.c.version == version).values(values)
        ).rowcount:
            self.keep(version, title, source, now)

    def version(self, version: str) -> PolicyVersion | None:
        """Return one version by its digest."""
        query = select(POLICY_VERSIONS).where(POLICY_VERSIONS.c.version == version)
        row = self._connection.execute(query).mappings().first()
        return PolicyVersion(**row) if row else None

    def versions_like(self, prefix: str) -> list[str]:
        """Return the digests that begin with *prefix*."""
        query = select(POLICY_VERSIONS.c.version).where(
            POLICY_VERSIONS.c.version.startswith(prefix, autoescape=True)
        )
        return list(self._connection.execute(query.order_by(POLICY_VERSIONS.c.version)).scalars())

    def in_force(self) -> PolicyProposal | None:
        """Return the proposal whose version rules now; None before the first start."""
        return self._first(select(POLICY_PROPOSALS).where(POLICY_PROPOSALS.c.state == "in_force"))

    def version_in_force(self) -> str | None:
        """Return the digest of the version that rules now; asked at every decision."""
        return self._connection.execute(_VERSION_IN_FORCE).scalar_one_or_none()

    def proposal(self, proposal_id: str) -> PolicyProposal | None:
        """Return one proposal."""
        return self._first(select(POLICY_PROPOSALS).where(POLICY_PROPOSALS.c.id == proposal_id))

    def open_proposals(self) -> list[PolicyProposal]:
        """Return what waits for a decision, the oldest first."""
        query = select(POLICY_PROPOSALS).where(POLICY_PROPOSALS.c.state == "proposed")
        return self._all(query.order_by(POLICY_PROPOSALS.c.proposed_at, POLICY_PROPOSALS.c.id))

    def history(self, limit: int) -> list[PolicyProposal]:
        """Return the latest proposals, the newest first."""
        newest = (POLICY_PROPOSALS.c.proposed_at.desc(), POLICY_PROPOSALS.c.id.desc())
        return self._all(select(POLICY_PROPOSALS).order_by(*newest).limit(limit))

    def propose(self, proposal: PolicyProposal) -> None:
        """Store a new proposal."""
        self._connection.execute(insert(POLICY_PROPOSALS).values(asdict(proposal)))

    def move(
        self,
        proposal_id: str,
        expected: Sequence[ProposalState],
        to: ProposalState,
        *,
        revision: int | None = None,
        **changes: Unpack[ProposalChanges],
    ) -> PolicyProposal | None:
        """Move a proposal from one of the *expected* states (and that *revision*) and return it then.

        None when somebody else was first.
        """
        table = POLICY_PROPOSALS.c
        here = [table.id == proposal_id, table.state.in_(expected)]
        if revision is not None:
            here.append(table.revision == revision)
        values: dict[str, Any] = {**changes, "state": to, "revision": table.revision + 1}
        moved = update(POLICY_PROPOSALS).where(*here).values(values).returning(POLICY_PROPOSALS)
        row = self._connection.execute(moved).mappings().first()
        return _proposal(row) if row else None

    def forget_reports(self, before: datetime) -> int:
        """Drop the reports on what was decided before a moment and does not rule; return how many."""
        table = POLICY_PROPOSALS.c
        over = update(POLICY_PROPOSALS).where(
            table.decided_at < before,
            table.state.in_(("retired", "rejected", "withdrawn")),
            table.report.not_in((NO_REPORT, FORGOTTEN_REPORT)),
        )
        return self._connection.execute(over.values(report=FORGOTTEN_REPORT)).rowcount

    def set_message(self, proposal_id: str, channel_id: str, message_ts: str) -> None:
        """Remember which Slack message shows the proposal."""
        self._connection.execute(
            update(POLICY_PROPOSALS)
            .where(POLICY_PROPOSALS.c.id == proposal_id)
            .values(channel_id=channel_id, message_ts=message_ts)
        )

    def _first(self, query: Select[Any]) -> PolicyProposal | None:
        row = self._connection.execute(query).mappings().first()
        return _proposal(row) if row else None

    def _all(self, query: Select[Any]) -> list[PolicyProposal]:
        return [_proposal(row) for row in self._connection.execute(query).mappings()]


_VERSION_IN_FORCE = select(POLICY_PROPOSALS.c.version).where(POLICY_PROPOSALS.c.state == "in_force")


def source_digest(source: str) -> str:
    """Return the SHA-256 of a policy's text."""
    return hashlib.sha256(source.encode()).hexdigest()


def _proposal(row: RowMapping) -> PolicyProposal:
    kind, state = cast("ProposalKind", row["kind"]), cast("ProposalState", row["state"])
    return PolicyProposal(**{**row, "kind": kind, "state": state})
