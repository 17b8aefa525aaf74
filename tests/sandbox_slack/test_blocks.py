"""What Block Kit takes and refuses."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.models import blocks as sdk
from slack_sdk.models.views import View

from bot.sandbox.slack.blocks import check_blocks, check_view
from bot.sandbox.slack.shapes import SlackError


def plain(text: str = "x") -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def button(**extra: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": plain()} | extra


def section(**extra: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn()} | extra


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def option(value: str = "v", text: str = "x", **extra: Any) -> dict[str, Any]:
    return {"text": plain(text), "value": value} | extra


def select(**extra: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "options": [option()]} | extra


def input_block(element: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain(), "element": element} | extra


def raw(text: str = "x") -> dict[str, Any]:
    return {"type": "raw_text", "text": text}


def table(rows: list[list[Any]]) -> dict[str, Any]:
    return {"type": "table", "rows": rows}


def data_table(rows: list[list[Any]], **extra: Any) -> dict[str, Any]:
    return {"type": "data_table", "caption": "c", "rows": rows} | extra


def chart(kind: str = "bar", **extra: Any) -> dict[str, Any]:
    series = [{"name": "s", "data": [{"label": "Q1", "value": 1}, {"label": "Q2", "value": 2}]}]
    body = {"type": kind, "series": series, "axis_config": {"categories": ["Q1", "Q2"]}} | extra
    return {"type": "data_visualization", "title": "t", "chart": body}


def pie(*segments: tuple[str, float]) -> dict[str, Any]:
    parts = [{"label": label, "value": value} for label, value in segments]
    return {"type": "data_visualization", "title": "t", "chart": {"type": "pie", "segments": parts}}


def task(status: str = "complete") -> dict[str, Any]:
    return {"type": "task_card", "task_id": "t", "title": "Look", "status": status}


def feedback() -> dict[str, Any]:
    side = {"text": plain("Good"), "value": "1"}
    return {"type": "feedback_buttons", "action_id": "f", "positive_button": side, "negative_button": side}


def card(**extra: Any) -> dict[str, Any]:
    return {"type": "card", "title": mrkdwn()} | extra


def container(*children: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return {"type": "container", "title": plain(), "child_blocks": list(children)} | extra


RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "Hi", "style": {"bold": True}},
                {"type": "user", "user_id": "U1"},
            ],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
        },
    ],
}
CONFIRM = {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain()}

ACCEPTED = {
    "section": section(),
    "section with fields": {"type": "section", "fields": [mrkdwn("y" * 2000)] * 10},
    "section with a button": section(accessory=button(confirm=CONFIRM, style="danger", value="v" * 2000)),
    "divider": {"type": "divider", "block_id": "b" * 255},
    "header": {"type": "header", "text": plain("h" * 150)},
    "image": {"type": "image", "image_url": "https://a.example/x.png", "alt_text": "x", "title": plain()},
    "context": {
        "type": "context",
        "elements": [mrkdwn(), {"type": "image", "image_url": "https://a.example/", "alt_text": "x"}],
    },
    "actions": actions(
        button(visible_to_user_ids=["U1"]),
        select(),
        {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-20"},
        {"type": "overflow", "action_id": "o", "options": [option()] * 5},
    ),
    "groups": actions(
        {
            "type": "static_select",
            "action_id": "s",
            "option_groups": [{"label": plain(), "options": [option()]}],
        }
    ),
    "rich text": RICH,
    "markdown": {"type": "markdown", "text": "m" * 12_000},
    "table": table([[raw()] * 20] * 100),
    "table with numbers": table([[raw(), {"type": "raw_number", "value": 1.5, "text": "1.5"}]]),
    "data table": data_table([[raw()] * 2] * 101, page_size=100, row_header_column_index=0),
    "bar": chart(),
    "line": chart("line"),
    "area": chart("area"),
    "pie": pie(("a", 1), ("b", 2.5)),
    "context actions": {
        "type": "context_actions",
        "elements": [
            feedback(),
            {"type": "icon_button", "action_id": "i", "icon": "trash", "text": plain("Delete")},
        ],
    },
    "card": card(actions=[button()], subtitle=plain(), subtext=mrkdwn()),
    "carousel": {"type": "carousel", "elements": [card()] * 10},
    "container": container(section(), actions(button()), is_collapsible=True, default_collapsed=True),
    "task": task(),
    "plan": {"type": "plan", "title": "Plan", "tasks": [task("pending")]},
    "input": input_block({"type": "plain_text_input", "action_id": "p", "max_length": 3000}),
}

REFUSED = {
    "unknown block": {"type": "hologram"},
    "no type": {"text": mrkdwn()},
    "unknown key": section(colour="red"),
    "unknown key in text": {"type": "section", "text": mrkdwn() | {"emoji": True}},
    "section without text": {"type": "section"},
    "empty text": {"type": "section", "text": mrkdwn("")},
    "text of 3001": {"type": "section", "text": mrkdwn("x" * 3001)},
    "field of 2001": {"type": "section", "fields": [mrkdwn("x" * 2001)]},
    "11 fields": {"type": "section", "fields": [mrkdwn()] * 11},
    "bare string as text": {"type": "section", "text": "hello"},
    "header of 151": {"type": "header", "text": plain("x" * 151)},
    "header in mrkdwn": {"type": "header", "text": mrkdwn()},
    "button in mrkdwn": actions(button(text=mrkdwn())),
    "button text of 76": actions(button(text=plain("x" * 76))),
    "button value of 2001": actions(button(value="x" * 2001)),
    "button style": actions(button(style="success")),
    "button without text": actions({"type": "button", "action_id": "a"}),
    "url of 3001": actions(button(url="h" * 3001)),
    "action_id of 256": actions(button(action_id="a" * 256)),
    "block_id of 256": {"type": "divider", "block_id": "b" * 256},
    "no elements": {"type": "actions", "elements": []},
    "26 elements": actions(*(button(action_id=str(i)) for i in range(26))),
    "same action_id": actions(button(), button()),
    "text input in actions": actions({"type": "plain_text_input", "action_id": "p"}),
    "feedback in actions": actions(feedback()),
    "11 in context": {"type": "context", "elements": [mrkdwn()] * 11},
    "button in context": {"type": "context", "elements": [button()]},
    "confirm title of 101": actions(button(confirm=CONFIRM | {"title": plain("x" * 101)})),
    "confirm text of 301": actions(button(confirm=CONFIRM | {"text": mrkdwn("x" * 301)})),
    "confirm button of 31": actions(button(confirm=CONFIRM | {"deny": plain("x" * 31)})),
    "101 options": actions(select(options=[option(str(i)) for i in range(101)])),
    "option text of 76": actions(select(options=[option(text="x" * 76)])),
    "option value of 151": actions(select(options=[option("v" * 151)])),
    "option in mrkdwn": actions(select(options=[{"text": mrkdwn(), "value": "v"}])),
    "options and groups": actions(select(option_groups=[{"label": plain(), "options": [option()]}])),
    "foreign initial option": actions(select(initial_option=option("other"))),
    "placeholder of 151": actions(select(placeholder=plain("x" * 151))),
    "6 in overflow": actions({"type": "overflow", "action_id": "o", "options": [option()] * 6}),
    "11 checkboxes": actions(
        {"type": "checkboxes", "action_id": "c", "options": [option(str(i)) for i in range(11)]}
    ),
    "max_length of 3001": input_block({"type": "plain_text_input", "action_id": "p", "max_length": 3001}),
    "button in input": input_block(button()),
    "input without label": {"type": "input", "element": {"type": "plain_text_input", "action_id": "p"}},
    "file input in a message": input_block({"type": "file_input", "action_id": "p"}),
    "image without alt_text": {"type": "image", "image_url": "https://a.example/x.png"},
    "image with two sources": {
        "type": "image",
        "image_url": "https://a.example/",
        "slack_file": {"id": "F1"},
        "alt_text": "x",
    },
    "rich text list of text": {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_list", "style": "bullet", "elements": [{"type": "text", "text": "x"}]}
        ],
    },
    "101 rows": table([[raw()]] * 101),
    "21 columns": table([[raw()] * 21]),
    "ragged table": table([[raw()], [raw(), raw()]]),
    "string cell": table([["x"]]),
    "data table without rows": data_table([[raw()]]),
    "data table of 102": data_table([[raw()]] * 102),
    "data table page": data_table([[raw()], [raw()]], page_size=101),
    "data table text": data_table([[raw()], [raw("x" * 20_000)]]),
    "data table rich header": data_table([[RICH], [raw()]]),
    "data table without caption": {"type": "data_table", "rows": [[raw()], [raw()]]},
    "chart title": chart() | {"title": "x" * 51},
    "chart kind": chart("radar"),
    "chart labels": chart(axis_config={"categories": ["Q1"]}),
    "chart label of 21": pie(("x" * 21, 1)),
    "13 segments": pie(*((str(i), 1) for i in range(13))),
    "empty slice": pie(("a", 0)),
    "feedback without value": {
        "type": "context_actions",
        "elements": [feedback() | {"positive_button": {"text": plain()}}],
    },
    "button in context actions": {"type": "context_actions", "elements": [button()]},
    "empty card": {"type": "card", "subtitle": mrkdwn()},
    "card body of 201": card(body=mrkdwn("x" * 201)),
    "4 card buttons": card(actions=[button(action_id=str(i)) for i in range(4)]),
    "11 cards": {"type": "carousel", "elements": [card()] * 11},
    "container without title": {"type": "container", "child_blocks": [section()]},
    "11 in a container": container(*[section()] * 11),
    "card in a container": container(card()),
    "container headers": container(section(), is_collapsible=True, has_header_divider=True),
    "container width": container(section(), width="huge"),
    "pending task alone": task("pending"),
    "task status": task("done"),
    "51 tasks": {"type": "plan", "title": "p", "tasks": [task()] * 51},
    "alert in a message": {"type": "alert", "text": mrkdwn()},
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_in_messages(name: str) -> None:
    check_blocks([ACCEPTED[name]], "message")


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_messages(name: str) -> None:
    with pytest.raises(SlackError) as refused:
        check_blocks([REFUSED[name]], "message")
    assert refused.value.code == "invalid_blocks"
    assert refused.value.body["response_metadata"]["messages"][0].startswith("[ERROR] ")
    assert "[json-pointer:/blocks" in refused.value.body["response_metadata"]["messages"][0]


@pytest.mark.parametrize(
    "blocks",
    [
        [section()] * 51,
        [table([[raw()]])] * 2,
        [chart()] * 3,
        [section(block_id="same"), section(block_id="same")],
        [container(section(block_id="same")), section(block_id="same")],
        [None],
        [[]],
    ],
)
def test_refused_together(blocks: list[Any]) -> None:
    with pytest.raises(SlackError, match="invalid_blocks"):
        check_blocks(blocks, "message")


def test_markdown_is_limited_per_message() -> None:
    check_blocks([{"type": "markdown", "text": "m" * 6000}] * 2, "message")
    with pytest.raises(SlackError, match="msg_blocks_too_long"):
        check_blocks([{"type": "markdown", "text": "m" * 6001}] * 2, "message")


NOT_IN_MODALS = (
    "markdown",
    "table",
    "data table",
    "plan",
    "task",
    "context actions",
    "bar",
    "container",
    "carousel",
)
NOT_IN_HOMES = ("markdown", "plan", "task", "context actions")


@pytest.mark.parametrize(
    ("surface", "name"),
    [("modal", name) for name in NOT_IN_MODALS] + [("home", name) for name in NOT_IN_HOMES],
)
def test_surfaces(surface: Any, name: str) -> None:
    with pytest.raises(SlackError, match="invalid_blocks"):
        check_blocks([ACCEPTED[name]], surface)


def test_alerts_belong_in_modals() -> None:
    alert = {"type": "alert", "text": mrkdwn("x" * 200), "level": "warning"}
    check_blocks([alert], "modal")
    with pytest.raises(SlackError):
        check_blocks([alert | {"text": mrkdwn("x" * 201)}], "modal")
    with pytest.raises(SlackError):
        check_blocks([alert], "home")


def modal(**extra: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("x" * 24), "blocks": [section()]} | extra


@pytest.mark.parametrize(
    "view",
    [
        modal(),
        modal(blocks=[section()] * 100),
        modal(submit=plain(), blocks=[input_block({"type": "plain_text_input", "action_id": "p"})]),
        modal(private_metadata="x" * 3000, callback_id="c" * 255),
        {"type": "home", "blocks": [section()]},
    ],
)
def test_accepted_views(view: dict[str, Any]) -> None:
    check_view(view)


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (None, "invalid_arguments"),
        ({"type": "window", "blocks": []}, "invalid_arguments"),
        ({"type": "modal", "blocks": [section()]}, "invalid_arguments"),
        (modal(title=plain("x" * 25)), "invalid_arguments"),
        (modal(title=mrkdwn()), "invalid_arguments"),
        (modal(submit=plain("x" * 25)), "invalid_arguments"),
        (modal(blocks=[]), "invalid_arguments"),
        (modal(blocks=[section()] * 101), "invalid_arguments"),
        (modal(blocks=[{"type": "markdown", "text": "x"}]), "invalid_arguments"),
        (modal(blocks=[input_block({"type": "plain_text_input", "action_id": "p"})]), "invalid_arguments"),
        (modal(private_metadata="x" * 3001), "invalid_arguments"),
        (modal(unknown=1), "invalid_arguments"),
        (modal(blocks=[section(text=mrkdwn("x" * 2999))] * 100), "view_too_large"),
    ],
)
def test_refused_views(view: Any, code: str) -> None:
    with pytest.raises(SlackError) as refused:
        check_view(view)
    assert refused.value.code == code


def test_what_the_sdk_builds_is_accepted() -> None:
    built: list[sdk.Block] = [
        sdk.HeaderBlock(text="A gift"),
        sdk.SectionBlock(
            text="*x*", fields=["a", "b"], accessory=sdk.ButtonElement(text="Go", action_id="g")
        ),
        sdk.ContextBlock(elements=[sdk.MarkdownTextObject(text="AI-generated, check before use")]),
        sdk.MarkdownBlock(text="**x**"),
        sdk.TableBlock(rows=[[{"type": "raw_text", "text": "x"}]]),
        sdk.PlanBlock(title="p", tasks=[sdk.TaskCardBlock(task_id="1", title="t", status="complete")]),
        sdk.ContainerBlock(title="Sources", child_blocks=[sdk.SectionBlock(text="x")], is_collapsible=True),
        sdk.CardBlock(title="t", body="b", actions=[sdk.ButtonElement(text="Go", action_id="g")]),
        sdk.ActionsBlock(
            elements=[
                sdk.StaticSelectElement(
                    action_id="s", placeholder="p", options=[sdk.Option(value="v", label="l")]
                ),
                sdk.DatePickerElement(action_id="d", placeholder="p"),
            ]
        ),
        sdk.ContextActionsBlock(
            elements=[
                sdk.FeedbackButtonsElement(
                    action_id="f",
                    positive_button=sdk.FeedbackButtonObject(text="Good", value="1"),
                    negative_button=sdk.FeedbackButtonObject(text="Bad", value="0"),
                )
            ]
        ),
    ]
    check_blocks([block.to_dict() for block in built], "message")
    edit = sdk.InputBlock(
        label="Note",
        block_id="note",
        element=sdk.PlainTextInputElement(action_id="text", multiline=True, initial_value="x"),
    )
    check_view(View(type="modal", title="Edit", submit="Approve", close="Back", blocks=[edit]).to_dict())
