// Standard Markdown (the markdown block): text -> DOM nodes. HTML in the text stays text.

import { emoji } from "./emoji.js";
import { append, h } from "./dom.js";
import { link, safeUrl } from "./links.js";
import { token, unescape } from "./mrkdwn.js";

const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const FENCE = /^(\s*)(`{3,}|~{3,})\s*(\S*)/;
const RULE = /^\s{0,3}([-*_])(?:\s*\1){2,}\s*$/;
const HEADING = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const DELIMITER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

export function markdown(text, ctx) {
  const holder = h("div", { class: "markdown" });
  return append(holder, blocks(String(text ?? "").replaceAll("\r\n", "\n").split("\n"), ctx));
}

function blocks(lines, ctx) {
  const out = [];
  let i = 0;
  while (i < lines.length) {
    const line = lines[i];
    if (!line.trim()) { i += 1; continue; }
    const [node, next] = fenced(lines, i) ?? heading(lines, i, ctx) ?? rule(lines, i) ?? quote(lines, i, ctx)
      ?? table(lines, i, ctx) ?? list(lines, i, ctx) ?? paragraph(lines, i, ctx);
    out.push(node);
    i = next;
  }
  return out;
}

function fenced(lines, i) {
  const open = FENCE.exec(lines[i]);
  if (!open) return null;
  let j = i + 1;
  while (j < lines.length && !(lines[j].trim().startsWith(open[2]) && /^[`~\s]+$/.test(lines[j]))) j += 1;
  const code = lines.slice(i + 1, j).map((l) => l.replace(new RegExp(`^\\s{0,${open[1].length}}`), "")).join("\n");
  return [h("pre", { class: "code-block", tabindex: "0" }, h("code", {}, code)), j + 1];
}

function heading(lines, i, ctx) {
  const found = HEADING.exec(lines[i]);
  if (!found) return null;
  const level = found[1].length;
  return [h("div", { class: `md-heading md-heading-${level}`, role: "heading", "aria-level": Math.min(level + 2, 6) }, inline(found[2], ctx)), i + 1];
}

function rule(lines, i) {
  return RULE.test(lines[i]) ? [h("hr"), i + 1] : null;
}

function quote(lines, i, ctx) {
  if (!/^\s{0,3}>/.test(lines[i])) return null;
  let j = i;
  const inner = [];
  while (j < lines.length && /^\s{0,3}>/.test(lines[j])) {
    inner.push(lines[j].replace(/^\s{0,3}> ?/, ""));
    j += 1;
  }
  return [h("blockquote", {}, blocks(inner, ctx)), j];
}

function table(lines, i, ctx) {
  if (!lines[i].includes("|") || !DELIMITER.test(lines[i + 1] ?? "") || !(lines[i + 1] ?? "").includes("-")) return null;
  const head = cells(lines[i]);
  const aligns = cells(lines[i + 1]).map((c) => (c.endsWith(":") ? (c.startsWith(":") ? "center" : "right") : "left"));
  if (aligns.length !== head.length) return null;
  let j = i + 2;
  const body = [];
  while (j < lines.length && lines[j].trim() && lines[j].includes("|")) { body.push(cells(lines[j])); j += 1; }
  const cell = (tag, text, k) => h(tag, { class: `align-${aligns[k] ?? "left"}`, scope: tag === "th" ? "col" : null }, inline(text ?? "", ctx));
  const node = h("div", { class: "table-wrap", role: "region", tabindex: "0", "aria-label": "Table" },
    h("table", { class: "table" },
      h("thead", {}, h("tr", {}, head.map((text, k) => cell("th", text, k)))),
      h("tbody", {}, body.map((row) => h("tr", {}, head.map((_, k) => cell("td", row[k], k)))))));
  return [node, j];
}

function cells(line) {
  const trimmed = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return trimmed.split(/(?<!\\)\|/).map((c) => c.trim().replaceAll("\\|", "|"));
}

function list(lines, i, ctx) {
  const first = ITEM.exec(lines[i]);
  if (!first) return null;
  const indent = first[1].length;
  const ordered = /\d/.test(first[2]);
  const items = [];
  let j = i;
  while (j < lines.length) {
    const item = ITEM.exec(lines[j]);
    if (item && item[1].length <= indent + 1 && item[1].length >= indent && /\d/.test(item[2]) === ordered) {
      items.push([item[3]]);
      j += 1;
    } else if (continues(lines, j, indent)) {
      items.at(-1).push(lines[j].slice(Math.min(indent + 2, lines[j].search(/\S|$/))));
      j += 1;
    } else break;
  }
  const start = ordered ? Number.parseInt(first[2], 10) : null;
  return [h(ordered ? "ol" : "ul", { start: start !== null && start !== 1 ? start : null }, items.map((item) => listItem(item, ctx))), j];
}

function continues(lines, j, indent) {
  if (!lines[j].trim()) return Boolean(lines[j + 1]?.trim()) && lines[j + 1].search(/\S/) > indent;
  return lines[j].search(/\S/) > indent;
}

function listItem(lines, ctx) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(lines[0]);
  const content = task ? [task[2], ...lines.slice(1)] : lines;
  const nested = content.findIndex((l, k) => k > 0 && (ITEM.test(l) || FENCE.test(l) || !l.trim()));
  const textLines = nested < 0 ? content : content.slice(0, nested);
  const rest = nested < 0 ? [] : blocks(content.slice(nested), ctx);
  const box = task ? h("span", { class: `task-box${task[1] === " " ? "" : " done"}`, role: "img", "aria-label": task[1] === " " ? "Open" : "Done" }) : null;
  return h("li", { class: task ? "task-item" : null }, box, inline(textLines.map((l) => l.trim()).join("\n"), ctx), rest);
}

function paragraph(lines, i, ctx) {
  let j = i;
  const text = [];
  while (j < lines.length && lines[j].trim() && (j === i || !startsBlock(lines, j))) { text.push(lines[j].replace(/^\s+/, "")); j += 1; }
  return [h("p", {}, inline(text.join("\n"), ctx)), j];
}

function startsBlock(lines, j) {
  const line = lines[j];
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || /^\s{0,3}>/.test(line) || ITEM.test(line)
    || (line.includes("|") && DELIMITER.test(lines[j + 1] ?? "") && (lines[j + 1] ?? "").includes("-"));
}

function inline(text, ctx) {
  const nodes = [];
  let buffer = "";
  const flush = () => { if (buffer) nodes.push(document.createTextNode(unescape(buffer))); buffer = ""; };
  let i = 0;
  while (i < text.length) {
    const taken = take(text, i, ctx);
    if (!taken) { buffer += text[i]; i += 1; continue; }
    flush();
    nodes.push(...taken.nodes);
    i = taken.end;
  }
  flush();
  return nodes;
}

function take(text, i, ctx) {
  const char = text[i];
  if (char === "\\" && /[\\`*_{}[\]()#+\-.!|~<>]/.test(text[i + 1] ?? "")) return { nodes: [document.createTextNode(text[i + 1])], end: i + 2 };
  if (char === "\n") return { nodes: [h("br")], end: i + 1 };
  if (char === "`") return takeCode(text, i);
  if (char === "[" || (char === "!" && text[i + 1] === "[")) return takeLink(text, i, ctx);
  if (char === "<") return takeAngle(text, i, ctx);
  if (char === "*" || char === "_" || char === "~") return takeEmphasis(text, i, ctx);
  if (char === ":") return takeEmoji(text, i);
  if (char === "h" && !/[\w/]/.test(text[i - 1] ?? "")) return takeBareUrl(text, i);
  return null;
}

function takeCode(text, i) {
  const ticks = /^`+/.exec(text.slice(i))[0];
  const end = text.indexOf(ticks, i + ticks.length);
  if (end < 0) return null;
  return { nodes: [h("code", { class: "code" }, text.slice(i + ticks.length, end).replace(/^ (.+) $/, "$1"))], end: end + ticks.length };
}

function takeLink(text, i, ctx) {
  const found = /^!?\[((?:[^[\]\\]|\\.|\[[^\]]*\])*)\]\(\s*<?([^\s<>()]*(?:\([^\s()]*\)[^\s<>()]*)*)>?(?:\s+["'][^"']*["'])?\s*\)/.exec(text.slice(i));
  if (!found) return null;
  const label = found[1] ? inline(found[1], ctx) : [found[2]];
  return { nodes: [link(unescape(found[2]), label)], end: i + found[0].length };
}

function takeAngle(text, i, ctx) {
  const end = text.indexOf(">", i);
  if (end < 0) return null;
  const node = token(text.slice(i + 1, end), ctx);
  return node ? { nodes: [node], end: end + 1 } : null;
}

function takeEmphasis(text, i, ctx) {
  const char = text[i];
  const run = text[i + 1] === char ? char + char : char;
  if (char === "~" && run.length < 2) return null;
  const triple = run.length === 2 && text[i + 2] === char && char !== "~" ? run + char : run;
  for (const mark of triple === run ? [run] : [triple, run]) {
    const end = closing(text, i + mark.length, mark);
    if (end < 0 || /\s/.test(text[i + mark.length] ?? " ") || (char === "_" && /\w/.test(text[i - 1] ?? ""))) continue;
    const inner = inline(text.slice(i + mark.length, end), ctx);
    return { nodes: [styled(mark, inner)], end: end + mark.length };
  }
  return null;
}

function styled(mark, inner) {
  if (mark === "~~") return h("s", {}, inner);
  if (mark.length === 3) return h("strong", {}, h("em", {}, inner));
  return h(mark.length === 2 ? "strong" : "em", {}, inner);
}

function closing(text, from, mark) {
  let j = from;
  while (j < text.length) {
    if (text[j] === "`") { const end = text.indexOf("`", j + 1); j = end > 0 ? end + 1 : j + 1; continue; }
    if (text[j] === "\\") { j += 2; continue; }
    if (text.startsWith(mark, j) && j > from && !/\s/.test(text[j - 1]) && closes(text, j, mark)) return j;
    j += text.startsWith(mark[0] + mark[0], j) && mark.length === 1 ? 2 : 1;
  }
  return -1;
}

function closes(text, j, mark) {
  const after = text[j + mark.length] ?? " ";
  if (mark.length === 1 && (after === mark || text[j - 1] === mark)) return false;
  return mark[0] !== "_" || !/\w/.test(after);
}

function takeEmoji(text, i) {
  const found = /^:([a-z0-9_+'-]+):/.exec(text.slice(i, i + 64));
  if (!found || /\w/.test(text[i - 1] ?? "")) return null;
  const node = emoji(found[1]);
  return node.nodeType === Node.TEXT_NODE ? null : { nodes: [node], end: i + found[0].length };
}

function takeBareUrl(text, i) {
  const found = /^https?:\/\/[^\s<>]+/i.exec(text.slice(i));
  const raw = found?.[0].replace(/[.,;:!?)\]'"*_~]+$/, "");
  return raw && safeUrl(raw) ? { nodes: [link(raw, raw)], end: i + raw.length } : null;
}
