"""Whose installation it is: the organisation file that the environment names."""

from __future__ import annotations

from bot.cli.loading import organisation_file
from bot.files import read_organisation
from policy.organisation import Organisation


def organisation_here() -> Organisation | None:
    """Return the organisation named in the environment; None when none is. Raises FileInvalid."""
    path = organisation_file()
    return read_organisation(path) if path else None
