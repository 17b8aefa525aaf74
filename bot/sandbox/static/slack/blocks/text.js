// Blocks that show text and images.

import { element } from "../elements.js";
import { h } from "../dom.js";
import { image } from "../elements/image.js";
import { markdown } from "../markdown.js";
import { textObject } from "../mrkdwn.js";

const PREVIEW_LINES = 14;

export function section(block, ctx, blockId) {
  const text = block.text ? h("div", { class: "section-text" }, textObject(block.text, ctx)) : null;
  const fields = block.fields?.length ? h("div", { class: "section-fields" }, block.fields.map((f) => h("div", { class: "section-field" }, textObject(f, ctx)))) : null;
  const accessory = block.accessory ? element(block.accessory, ctx, { blockId, index: 0, dispatches: true }) : null;
  const isImage = block.accessory?.type === "image";
  return h("div", { class: `section${accessory ? " with-accessory" : ""}${isImage ? " with-image" : ""}` },
    h("div", { class: "section-main" }, collapse(text, block), fields), accessory ? h("div", { class: "section-accessory" }, accessory) : null);
}

function collapse(text, block) {
  const lines = block.text?.text?.split("\n").length ?? 0;
  if (!text || block.expand || (lines <= PREVIEW_LINES && (block.text.text?.length ?? 0) <= 1200)) return text;
  text.classList.add("clamped");
  const toggle = h("button", { class: "text-button", type: "button", "aria-expanded": "false" }, "Show more");
  toggle.addEventListener("click", () => {
    const isOpen = text.classList.toggle("clamped") === false;
    toggle.textContent = isOpen ? "Show less" : "Show more";
    toggle.setAttribute("aria-expanded", String(isOpen));
  });
  return [text, toggle];
}

export function header(block, ctx) {
  return h("div", { class: "header", role: "heading", "aria-level": Math.min(Math.max(block.level ?? 3, 2), 6) }, textObject(block.text, ctx));
}

export function divider() {
  return h("hr", { class: "divider" });
}

export function context(block, ctx) {
  return h("div", { class: "context" }, block.elements.map((item) => (item.type === "image"
    ? image(item, ctx, { className: "image-context" }) : h("span", { class: "context-text" }, textObject(item, ctx)))));
}

export function imageBlock(block, ctx) {
  return h("figure", { class: "image-block" }, block.title ? h("figcaption", {}, textObject(block.title, ctx)) : null,
    image(block, ctx, { className: "image-large", large: true }));
}

export function markdownBlock(block, ctx) {
  return markdown(block.text, ctx);
}
