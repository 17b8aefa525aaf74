// rich_text blocks: every text leaf is literal.

import { broadcast, channelMention, userMention } from "../mrkdwn.js";
import { emoji } from "../emoji.js";
import { h } from "../dom.js";
import { link } from "../links.js";

const PARTS = { rich_text_section: sectionPart, rich_text_list: listPart, rich_text_quote: quotePart, rich_text_preformatted: codePart };
const MARKERS = ["decimal", "lower-alpha", "lower-roman"];

export function richText(block, ctx) {
  const holder = h("div", { class: "rich-text" });
  for (const [node, indent] of (block.elements ?? []).map((e) => [part(e, ctx), e.type === "rich_text_list" ? e.indent ?? 0 : 0])) {
    const parent = indent > 0 ? deepest(holder, indent) : holder;
    parent.append(node);
  }
  return holder;
}

// Slack sends nested lists as siblings with an indent; they belong under the last item of the list above.
function deepest(holder, indent) {
  let place = holder;
  for (let depth = 0; depth < indent; depth += 1) {
    const list = place.lastElementChild;
    const item = list?.matches("ul, ol") ? list.lastElementChild : null;
    if (!item) return place;
    place = item;
  }
  return place;
}

function part(element, ctx) {
  return (PARTS[element.type] ?? unknownPart)(element, ctx);
}

function sectionPart(element, ctx) {
  return h("div", { class: "rich-section" }, leaves(element.elements, ctx));
}

function listPart(element, ctx) {
  const ordered = element.style === "ordered";
  return h(ordered ? "ol" : "ul", {
    class: `rich-list${element.border ? " bordered" : ""}`, start: ordered && element.offset ? element.offset + 1 : null,
    style: ordered ? { "list-style-type": MARKERS[(element.indent ?? 0) % 3] } : {},
  }, (element.elements ?? []).map((item) => h("li", {}, leaves(item.elements, ctx))));
}

function quotePart(element, ctx) {
  return h("blockquote", {}, leaves(element.elements, ctx));
}

function codePart(element, ctx) {
  return h("pre", { class: "code-block", tabindex: "0" }, h("code", {}, leaves(element.elements, ctx)));
}

function unknownPart(element) {
  return h("span", { class: "unsupported-inline" }, `Unsupported text: ${element?.type}`);
}

function leaves(elements, ctx) {
  return (elements ?? []).map((leaf) => styled(leafNode(leaf, ctx), leaf.style));
}

function leafNode(leaf, ctx) {
  switch (leaf.type) {
    case "text": return withBreaks(leaf.text);
    case "link": return link(leaf.url, leaf.text || leaf.url);
    case "emoji": return emoji(leaf.name, leaf.unicode);
    case "user": return userMention(leaf.user_id, ctx);
    case "channel": return channelMention(leaf.channel_id, ctx);
    case "broadcast": return broadcast(leaf.range);
    case "usergroup": return h("span", { class: "mention" }, `@${leaf.usergroup_id}`);
    case "team": return h("span", { class: "mention" }, `@${leaf.team_id}`);
    case "date": return dateNode(leaf, ctx);
    case "color": return h("span", { class: "colour" }, h("span", { class: "swatch", style: { "--swatch": /^#[0-9a-f]{6}$/i.test(leaf.value) ? leaf.value : "transparent" } }), leaf.value);
    default: return unknownPart(leaf);
  }
}

function dateNode(leaf, ctx) {
  const shown = ctx.calendar.tokens(leaf.timestamp, leaf.format) ?? leaf.fallback ?? "";
  const time = h("time", { class: "date" }, shown);
  return leaf.url ? link(leaf.url, time) : time;
}

function withBreaks(text) {
  return h("span", { class: "rich-leaf" }, String(text ?? "").split(/(\n)/).map((piece) => (piece === "\n" ? h("br") : piece)));
}

function styled(node, style = {}) {
  let out = node;
  if (style?.code) out = h("code", { class: "code" }, out);
  if (style?.bold) out = h("strong", {}, out);
  if (style?.italic) out = h("em", {}, out);
  if (style?.strike) out = h("s", {}, out);
  if (style?.underline) out = h("u", {}, out);
  return out;
}
