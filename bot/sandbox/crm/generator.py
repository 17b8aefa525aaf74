"""A whole fundraising organisation from a seed: the stories first, then everybody else."""

from __future__ import annotations

from datetime import date

from .campaigns import plan_campaigns
from .cast_giving import add_giving_stories
from .cast_limits import add_stories_about_limits
from .cast_majors import add_major_donor_stories
from .cast_names import add_stories_about_names
from .draft import Draft
from .finishing import finished
from .model import World
from .population import add_population
from .stories import STORIES


def generate(seed: int, today: date) -> World:
    """The same world for the same *seed* and *today*; the stories are the same for every seed."""
    draft = Draft(today)
    plan_campaigns(draft)
    add_major_donor_stories(draft)
    add_giving_stories(draft)
    add_stories_about_limits(draft)
    add_stories_about_names(draft)
    add_population(draft, seed)
    return finished(draft, f"seed {seed}", STORIES)
