"""Whose interactions are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, or_

from storage.schema import INTERACTION_GROUPS

_G = INTERACTION_GROUPS.c


@dataclass(frozen=True, slots=True)
class Team:
    """Whose figures: Slack user ids and e-mail addresses of the same people."""

    people: frozenset[str]
    owners: frozenset[str]


def of_team(query: Select[Any], team: Team | None) -> Select[Any]:
    """Take of what *query* reads only what a team did, or was asked to do when nobody did it."""
    if team is None:
        return query
    asked = and_(_G.person == "", _G.owner.in_(team.owners))
    return query.where(or_(_G.person.in_(team.people), asked))
