"""What people read: messages, blocks, charts, times, and what never becomes HTML."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OLIVIA, MARA, FELIX = "U0OLIVIA0", "U0MARA000", "U0FELIX00"
PORTFOLIO, FUNDRAISING = "C0OLIVIA0", "C0FUNDRAS"

MRKDWN = [
    ("*bold* _it_ ~no~ `x`", '<strong>bold</strong> <em>it</em> <s>no</s> <code class="code">x</code>'),
    ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
    ("* not bold * and _ not _", "* not bold * and _ not _"),
    ("*a _b_ c*", "<strong>a <em>b</em> c</strong>"),
    ("`*raw*`", '<code class="code">*raw*</code>'),
    ("one\ntwo", "one<br>two"),
    ("&lt;b&gt; &amp;amp; &quot;", "&lt;b&gt; &amp;amp; &amp;quot;"),
    ("> quoted\nplain", "<blockquote>quoted</blockquote>plain"),
    ("&gt; one\n&gt; two", "<blockquote>one<br>two</blockquote>"),
    (
        "```a\n<b```",
        '<pre class="code-block" tabindex="0"><code>a\n&lt;b</code></pre>',
    ),
    (
        "<https://example.org/?a=1&amp;b=2|here>",
        '<a href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">here</a>',
    ),
    (
        "<mailto:a@example.org|mail>",
        '<a href="mailto:a@example.org" target="_blank" rel="noopener noreferrer">mail</a>',
    ),
    ("<#C0FUNDRAS>", '<button class="mention mention-link" type="button">#fundraising</button>'),
    ("<@U0NOBODY|gone>", '<span class="mention" title="U0NOBODY">@gone</span>'),
    ("<!here>", '<span class="mention mention-broadcast" title="Notifies @here">@here</span>'),
    ("a < b > c", "a &lt; b &gt; c"),
]

MARKDOWN = [
    (
        "# One\n\ntext **b** *i* ~~s~~",
        ["One", "text b i s"],
        {"strong": 1, "em": 1, "s": 1, "[role=heading]": 1},
    ),
    ("| A | B |\n|---|--:|\n| 1 | 2 |\n| 3 |", ["AB123"], {"th": 2, "td": 4, "td.align-right": 2}),
    ("- a\n  - b\n- [x] c\n\n1. d\n2. e", ["abcde"], {"ul ul": 1, "ol > li": 2, ".task-box.done": 1}),
    ("```\n# no\n```", ["# no"], {"pre": 1, "[role=heading]": 0}),
    ("[ok](https://example.org) [bad](javascript:alert(1))", ["ok bad"], {"a": 1, ".dead-link": 1}),
    (
        "<img src=x onerror=alert(1)> \\*plain\\*",
        ["<img src=x onerror=alert(1)> *plain*"],
        {"img": 0, "em": 0},
    ),
    ("![alt](https://example.org/x.png)", ["alt"], {"img": 0, "a": 1}),
    ("a_b_c 2*3 **open", ["a_b_c 2*3 **open"], {"em": 0, "strong": 0}),
]

RENDER = """async ([module, name, text]) => {
  const render = (await import(`/static/slack/${module}.js`))[name];
  const { Calendar } = await import("/static/slack/time.js");
  const channels = { C0FUNDRAS: { id: "C0FUNDRAS", name: "fundraising" } };
  const calendar = new Calendar("UTC", "2026-11-20T15:04:00Z");
  const ctx = { user: () => undefined, channel: (id) => channels[id], me: null, calendar };
  const holder = document.createElement("div");
  holder.append(render(text, ctx));
  return holder;
}"""


async def test_mrkdwn_follows_slacks_rules(workspace: Any) -> None:
    page = await workspace.visit()
    seen = []
    for text, _ in MRKDWN:
        holder = await page.evaluate_handle(RENDER, ["mrkdwn", "mrkdwn", text])
        seen.append((text, await holder.evaluate("node => node.innerHTML")))
    assert seen == MRKDWN


async def test_markdown_becomes_elements_and_html_in_it_stays_text(workspace: Any) -> None:
    page = await workspace.visit()
    for text, contents, counts in MARKDOWN:
        holder = await page.evaluate_handle(RENDER, ["markdown", "markdown", text])
        said = await holder.evaluate("node => node.textContent")
        found = {
            query: await holder.evaluate("(node, q) => node.querySelectorAll(q).length", query)
            for query in counts
        }
        assert ("".join(contents), counts) == (said, found), text


async def test_dates_are_told_in_the_readers_time_zone(workspace: Any) -> None:
    stamp = 1_795_186_800  # 2026-11-20 15:00 UTC
    await workspace.post(FUNDRAISING, f"Due <!date^{stamp}^{{date_short_pretty}} at {{time}}|soon>")
    in_new_york = await workspace.visit(OLIVIA, f"channel={FUNDRAISING}")
    in_berlin = await workspace.visit(FELIX, f"channel={FUNDRAISING}")
    await expect(in_new_york.locator(".message-text")).to_have_text("Due today at 10:00 AM")
    await expect(in_berlin.locator(".message-text")).to_have_text("Due today at 4:00 PM")
    await expect(in_new_york.locator(".message-head time")).to_have_text("10:04 AM")
    await expect(in_berlin.locator(".message-head time")).to_have_text("4:04 PM")


ATTACK = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'


async def test_nothing_in_a_message_is_run_or_linked_when_it_should_not_be(workspace: Any) -> None:
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": ATTACK},
                    {"type": "link", "url": "javascript:window.hit=1", "text": "rich"},
                ],
            }
        ],
    }
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": ATTACK}},
        {
            "type": "section",
            "text": {
                "type": "mrkdwn",
                "text": f"{ATTACK} <javascript:window.hit=1|mrkdwn> <data:text/html,x|data>",
            },
        },
        {
            "type": "markdown",
            "text": f"{ATTACK} [markdown](javascript:window.hit=1) <javascript:window.hit=1>",
        },
        rich,
    ]

    async def serve(route: Route) -> None:
        message = {
            "ts": "1795187000.000100",
            "user": "U0CSIGN00",
            "username": ATTACK,
            "text": ATTACK,
            "blocks": blocks,
            "is_ephemeral": False,
        }
        hostile_file = {
            "id": "F1",
            "name": ATTACK,
            "title": ATTACK,
            "mimetype": "image/png",
            "size": 3,
            "url": "javascript:window.hit=1",
        }
        plain = {
            "ts": "1795187001.000100",
            "user": "U0CSIGN00",
            "username": "x",
            "text": ATTACK,
            "blocks": [],
            "files": [hostile_file],
            "is_ephemeral": False,
        }
        await route.fulfill(json={"messages": [message, plain], "has_more": False})

    page = await workspace.visit(before=lambda tab: tab.route("**/sim/history**", serve))
    await expect(page.locator(".message")).to_have_count(2)
    await expect(page.locator(".header")).to_have_text(ATTACK)
    assert await page.evaluate("window.hit") is None
    assert await page.locator(".messages script, .messages img").count() == 0
    targets = await page.eval_on_selector_all("a", "nodes => nodes.map(node => new URL(node.href).protocol)")
    assert set(targets) <= {"http:", "https:"}
    assert [
        await page.locator(".dead-link", has_text=name).count()
        for name in ("mrkdwn", "data", "markdown", "rich")
    ] == [1, 1, 1, 1]


async def test_a_block_that_is_unknown_or_malformed_is_shown_as_such(workspace: Any) -> None:
    blocks = [
        {"type": "hologram"},
        {"type": "section", "text": {"type": "mrkdwn", "text": "still here"}},
        {"type": "context"},
    ]

    async def serve(route: Route) -> None:
        message = {
            "ts": "1795187000.000100",
            "user": "U0CSIGN00",
            "text": "",
            "blocks": blocks,
            "is_ephemeral": False,
        }
        await route.fulfill(json={"messages": [message], "has_more": False})

    page = await workspace.visit(before=lambda tab: tab.route("**/sim/history**", serve))
    await expect(page.locator(".block-unsupported")).to_have_text(
        ["Unsupported block: hologram", "This block is malformed: context"]
    )
    await expect(page.get_by_text("still here")).to_be_visible()


def _data_table() -> dict[str, Any]:
    raw = lambda text: {"type": "raw_text", "text": text}  # noqa: E731
    number = lambda value: {"type": "raw_number", "value": value, "text": f"${value:,}"}  # noqa: E731
    people = [("Doe", 25_000), ("Ortiz", 1_200), ("Tanaka", 500), ("Calder", 40_000), ("Abara", 75)]
    rows = [[raw("Donor"), raw("Gift")], *([raw(name), number(value)] for name, value in people)]
    return {"type": "data_table", "caption": "Waiting for thanks", "page_size": 2, "rows": rows}


async def test_a_data_table_is_paged_and_sorted(workspace: Any) -> None:
    await workspace.post(PORTFOLIO, "table", blocks=[_data_table()])
    page = await workspace.visit()
    first = page.locator(".data-table tbody th")
    await expect(first).to_have_text(["Doe", "Ortiz"])
    await page.get_by_role("button", name="Next page").click()
    await expect(first).to_have_text(["Tanaka", "Calder"])
    await expect(page.get_by_text("3–4 of 5")).to_be_visible()
    await page.get_by_role("button", name="Gift", exact=True).click()
    await expect(first).to_have_text(["Calder", "Doe"])
    await expect(page.locator(".data-table thead th").nth(1)).to_have_attribute("aria-sort", "descending")
    await page.get_by_role("button", name="Gift", exact=True).click()
    await expect(first).to_have_text(["Abara", "Tanaka"])


async def test_a_chart_says_its_figures_in_words_and_as_a_table(workspace: Any) -> None:
    points = [{"label": "Mon", "value": 14}, {"label": "Tue", "value": 18}]
    bars = {
        "type": "bar",
        "series": [{"name": "Cards", "data": points}],
        "axis_config": {"categories": ["Mon", "Tue"]},
    }
    pie = {"type": "pie", "segments": [{"label": "Approved", "value": 3}, {"label": "Declined", "value": 1}]}
    blocks = [
        {"type": "data_visualization", "title": "Cards by day", "chart": bars},
        {"type": "data_visualization", "title": "Decisions", "chart": pie},
    ]
    await workspace.post(PORTFOLIO, "charts", blocks=blocks)
    page = await workspace.visit()
    await expect(page.get_by_role("img", name="Cards by day. Mon 14; Tue 18")).to_be_visible()
    await expect(page.get_by_role("img", name="Decisions. Approved 3 75%; Declined 1 25%")).to_be_visible()
    await expect(page.locator(".chart-bar rect")).to_have_count(2)
    await page.get_by_text("Show the figures").first.click()
    await expect(page.locator(".chart-numbers").first.locator("td")).to_have_text(["14", "18"])


async def test_only_the_named_people_see_a_button(workspace: Any) -> None:
    button = {
        "type": "button",
        "action_id": "approve",
        "text": {"type": "plain_text", "text": "Approve"},
        "visible_to_user_ids": [OLIVIA],
    }
    other = {"type": "button", "action_id": "open", "text": {"type": "plain_text", "text": "Open"}}
    await workspace.post(PORTFOLIO, "decide", blocks=[{"type": "actions", "elements": [button, other]}])
    owner, manager = await workspace.visit(OLIVIA), await workspace.visit(MARA)
    await expect(owner.locator(".actions .btn")).to_have_text(["Approve", "Open"])
    await expect(manager.locator(".actions .btn")).to_have_text(["Open"])


async def test_images_from_elsewhere_are_named_and_not_fetched(workspace: Any) -> None:
    image = {
        "type": "image",
        "image_url": "https://example.org/plan.png",
        "alt_text": "Plan of the reading room",
    }
    await workspace.post(PORTFOLIO, "plan", blocks=[image])
    asked: list[str] = []
    page = await workspace.visit(before=lambda tab: _note_requests(tab, asked))
    await expect(page.get_by_text("Plan of the reading room · not loaded from example.org")).to_be_visible()
    assert [url for url in asked if not url.startswith(workspace.origin)] == []


async def _note_requests(tab: Page, asked: list[str]) -> None:
    tab.on("request", lambda request: asked.append(request.url))


async def test_what_arrives_during_a_gap_of_the_stream_is_fetched(workspace: Any) -> None:
    attempts: list[str] = []

    async def interrupt(route: Route) -> None:
        attempts.append(route.request.url)
        if len(attempts) > 1:
            await route.continue_()
            return
        await workspace.post(PORTFOLIO, "Said while nobody listened")
        await route.fulfill(status=200, content_type="text/event-stream", body="retry: 20\n\n")

    page = await workspace.visit(before=lambda tab: tab.route("**/sim/stream**", interrupt))
    await expect(page.get_by_text("Said while nobody listened")).to_be_visible()
    await workspace.post(PORTFOLIO, "And live again")
    await expect(page.locator(".message").last).to_contain_text("And live again")
    await expect(page.locator(".banner-state")).to_have_text("")
