// actions, context_actions and input blocks.

import { element } from "../elements.js";
import { h, uid } from "../dom.js";
import { textObject } from "../mrkdwn.js";

const TEXT_INPUTS = new Set(["plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input"]);

export function actions(block, ctx, blockId) {
  const shown = block.elements.map((spec, index) => element(spec, ctx, { blockId, index, dispatches: true })).filter(Boolean);
  return h("div", { class: "actions", hidden: shown.length === 0 }, shown);
}

export function contextActions(block, ctx, blockId) {
  const shown = block.elements.map((spec, index) => element(spec, ctx, { blockId, index, dispatches: true })).filter(Boolean);
  return h("div", { class: "context-actions", hidden: shown.length === 0 }, shown);
}

export function input(block, ctx, blockId) {
  const spec = block.element;
  const ids = { input: uid("input"), hint: uid("hint"), error: uid("error") };
  const label = block.label?.text ?? "";
  const labelled = TEXT_INPUTS.has(spec?.type);
  const node = element(spec, ctx, {
    blockId, index: 0, label, required: !block.optional, inputId: labelled ? ids.input : null, dispatches: Boolean(block.dispatch_action),
    describedBy: `${ids.hint} ${ids.error}`,
  });
  return h("div", { class: "input-block", dataset: { block: blockId } },
    h(labelled ? "label" : "div", { class: "input-label", for: labelled ? ids.input : null }, textObject(block.label, ctx),
      block.optional ? h("span", { class: "input-optional" }, " (optional)") : null),
    node,
    h("div", { class: "input-hint", id: ids.hint }, block.hint ? textObject(block.hint, ctx) : null),
    h("div", { class: "input-error", id: ids.error, role: "alert" }));
}
