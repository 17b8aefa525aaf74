// card, carousel, container and alert.

import { element } from "../elements.js";
import { h, uid } from "../dom.js";
import { icon } from "../icons.js";
import { image } from "../elements/image.js";
import { richText } from "./rich_text.js";
import { textObject } from "../mrkdwn.js";

const WIDTHS = new Set(["narrow", "standard", "wide", "full"]);
const ALERTS = { default: "info", info: "info", warning: "warn", error: "error", success: "ok" };

export function card(block, ctx, blockId) {
  const asText = (t) => (typeof t === "string" ? { type: "mrkdwn", text: t } : t);
  const shown = (block.actions ?? []).map((spec, index) => element(spec, ctx, { blockId, index, dispatches: true })).filter(Boolean);
  return h("article", { class: "card" },
    block.hero_image ? image(block.hero_image, ctx, { className: "card-hero", large: true }) : null,
    h("div", { class: "card-content" },
      h("div", { class: "card-head" }, block.icon ? image(block.icon, ctx, { className: "card-icon" }) : null,
        h("div", {}, block.title ? h("div", { class: "card-title" }, textObject(asText(block.title), ctx)) : null,
          block.subtitle ? h("div", { class: "card-subtitle" }, textObject(asText(block.subtitle), ctx)) : null)),
      block.body ? h("div", { class: "card-body" }, textObject(asText(block.body), ctx)) : null,
      block.subtext ? h("div", { class: "card-subtext" }, textObject(asText(block.subtext), ctx)) : null,
      shown.length ? h("div", { class: "actions" }, shown) : null));
}

export function carousel(block, ctx, blockId) {
  const track = h("div", { class: "carousel-track", tabindex: "0", role: "group", "aria-label": "Cards, scroll sideways" },
    block.elements.map((spec, k) => card(spec, ctx, spec.block_id ?? `${blockId}-${k}`)));
  const turn = (step) => () => track.scrollBy({ left: step * track.clientWidth * 0.8 });
  return h("div", { class: "carousel" }, track, h("div", { class: "carousel-turn" },
    h("button", { class: "btn btn-icon btn-quiet", type: "button", "aria-label": "Previous cards", onclick: turn(-1) }, icon("left", { size: 16 })),
    h("button", { class: "btn btn-icon btn-quiet", type: "button", "aria-label": "Next cards", onclick: turn(1) }, icon("right", { size: 16 }))));
}

export function container(block, ctx, blockId) {
  const title = block.rich_text_title ? richText(block.rich_text_title, ctx) : textObject(block.title, ctx);
  const bodyId = uid("container");
  const head = [block.icon ? image(block.icon, ctx, { className: "card-icon" }) : null,
    h("span", { class: "container-heading" }, h("span", { class: "container-title" }, title),
      block.subtitle ? h("span", { class: "container-subtitle" }, textObject(block.subtitle, ctx)) : null)];
  const body = h("div", { class: "container-body", id: bodyId, hidden: Boolean(block.is_collapsible && block.default_collapsed) }, ctx.renderBlocks(block.child_blocks, `${blockId}-`));
  const width = WIDTHS.has(block.width) ? block.width : "standard";
  const top = block.is_collapsible ? collapser(head, body, bodyId, blockId) : h("div", { class: `container-head${block.has_header_divider ? " divided" : ""}` }, head);
  return h("section", { class: `container container-${width}` }, top, body);
}

function collapser(head, body, bodyId, blockId) {
  const button = h("button", {
    class: "container-head container-toggle", type: "button", "aria-expanded": String(!body.hidden), "aria-controls": bodyId, dataset: { focus: `${blockId}/toggle` },
  }, head, icon("chevron", { size: 18 }));
  button.addEventListener("click", () => {
    body.hidden = !body.hidden;
    button.setAttribute("aria-expanded", String(!body.hidden));
  });
  return button;
}

export function alert(block, ctx) {
  const level = ALERTS[block.level] ? block.level : "default";
  return h("div", { class: `alert alert-${level}`, role: level === "error" ? "alert" : "note" }, icon(ALERTS[level], { size: 18 }), h("div", {}, textObject(block.text, ctx)));
}
