"""The numbers of Block Kit, and which blocks a surface does not take."""

from __future__ import annotations

from typing import Literal

Surface = Literal["message", "modal", "home"]

BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MARKDOWN_CHARACTERS = 12_000
VIEW_BYTES = 250_000

TEXT = 3000
SECTION_FIELD = 2000
SECTION_FIELDS = 10
HEADER = 150
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
CONTEXT_ACTIONS_ELEMENTS = 5
LABEL = 2000
ALT_TEXT = 2000
URL = 3000
IDENTIFIER = 255

BUTTON_TEXT = 75
BUTTON_VALUE = 2000
ACCESSIBILITY_LABEL = 75
AGENT_PROMPT = 4000
ICON_BUTTON_VIEWERS = 10
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
OPTIONS = 100
OPTION_TEXT = 75
OPTION_VALUE = 150
OPTION_DESCRIPTION = 75
OVERFLOW_OPTIONS = 5
CHOICES = 10
PLACEHOLDER = 150
INPUT_CHARACTERS = 3000
INPUT_FILES = 10

TABLE_ROWS = 100
TABLE_COLUMNS = 20
DATA_TABLE_ROWS = 101
DATA_TABLE_PAGE = 100
DATA_TABLE_CHARACTERS = 20_000
CHART_TITLE = 50
CHART_LABEL = 20
CHART_SERIES = 12
CHART_POINTS = 20
CHART_AXIS_LABEL = 50

CARD_TITLE = 150
CARD_BODY = 200
CARD_BUTTONS = 3
CAROUSEL_CARDS = 10
CONTAINER_BLOCKS = 10
ALERT_TEXT = 200
PLAN_TASKS = 50

VIEW_TITLE = 24
VIEW_PRIVATE_METADATA = 3000

AT_MOST_PER_MESSAGE = {"table": 1, "data_visualization": 2}
NOT_ON: dict[Surface, frozenset[str]] = {
    "message": frozenset({"alert"}),
    "modal": frozenset(
        {
            "markdown",
            "table",
            "data_table",
            "plan",
            "task_card",
            "context_actions",
            "data_visualization",
            "container",
            "carousel",
        }
    ),
    "home": frozenset({"markdown", "plan", "task_card", "context_actions", "alert"}),
}
