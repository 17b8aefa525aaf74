// task_card and plan: the visible steps of a longer piece of work.

import { h, uid } from "../dom.js";
import { icon } from "../icons.js";
import { link } from "../links.js";
import { richText } from "./rich_text.js";

const STATES = { pending: ["Waiting", null], in_progress: ["In progress", "spin"], complete: ["Done", "ok"], error: ["Failed", "error"] };

export function taskCard(block, ctx) {
  const status = STATES[block.status] ? block.status : "pending";
  const [label, shape] = STATES[status];
  const mark = shape === "spin" ? h("span", { class: "spinner", role: "img", "aria-label": label })
    : shape ? icon(shape, { size: 18, label }) : h("span", { class: "task-pending", role: "img", "aria-label": label });
  const sources = block.sources?.length ? h("div", { class: "task-sources" }, "Sources: ", block.sources.map((s, k) => [k ? ", " : "", link(s.url, s.text ?? s.url)])) : null;
  const more = [block.details ? richText(block.details, ctx) : null, block.output ? h("div", { class: "task-output" }, richText(block.output, ctx)) : null, sources].filter(Boolean);
  return h("div", { class: `task task-${status}` }, h("span", { class: "task-mark" }, mark),
    h("div", { class: "task-main" }, h("div", { class: "task-title" }, block.title), more.length ? h("div", { class: "task-more" }, more) : null));
}

export function plan(block, ctx) {
  const tasks = block.tasks ?? [];
  const done = tasks.filter((t) => t.status === "complete").length;
  const titleId = uid("plan");
  return h("section", { class: "plan", "aria-labelledby": titleId },
    h("div", { class: "plan-head" }, h("span", { class: "plan-title", id: titleId }, block.title), h("span", { class: "plan-count" }, `${done} of ${tasks.length} done`)),
    h("ol", { class: "plan-tasks" }, tasks.map((task) => h("li", {}, taskCard(task, ctx)))));
}
