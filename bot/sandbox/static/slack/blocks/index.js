// Block Kit: a list of blocks -> DOM nodes. A block the page does not know stays visible as such.

import { h } from "../dom.js";
import { actions, contextActions, input } from "./interactive.js";
import { alert, card, carousel, container } from "./containers.js";
import { authProvider, file, video } from "./external.js";
import { chart } from "./chart.js";
import { context, divider, header, imageBlock, markdownBlock, section } from "./text.js";
import { dataTable, table } from "./tables.js";
import { plan, taskCard } from "./tasks.js";
import { richText } from "./rich_text.js";

const RENDERERS = {
  section, header, divider, context, actions, input, markdown: markdownBlock, image: imageBlock, rich_text: richText,
  table, data_table: dataTable, data_visualization: chart, context_actions: contextActions, card, carousel, container, alert,
  task_card: taskCard, plan, video, file, auth_provider: authProvider,
};

// ctx: names, calendar, form and act() of the surface that the blocks stand on.
export function renderBlocks(blocks, ctx) {
  const inner = { ...ctx, renderBlocks: (children, prefix) => renderAll(children, inner, prefix) };
  return h("div", { class: "blocks" }, renderAll(blocks, inner, ""));
}

function renderAll(blocks, ctx, prefix) {
  return (blocks ?? []).map((block, index) => renderBlock(block, ctx, `${prefix}${index}`));
}

function renderBlock(block, ctx, position) {
  const render = RENDERERS[block?.type];
  if (!render) return unsupported(block?.type);
  try {
    const node = render(block, ctx, block.block_id ?? `block-${position}`);
    node?.classList.add("block", `block-${block.type}`);
    return node;
  } catch (error) {
    console.error(`A ${block.type} block could not be drawn`, error);
    return unsupported(block.type, "This block is malformed");
  }
}

function unsupported(type, reason = "Unsupported block") {
  return h("div", { class: "block block-unsupported", role: "note" }, `${reason}: `, h("code", {}, String(type ?? "without a type")));
}
