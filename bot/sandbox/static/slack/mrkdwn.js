// Slack's mrkdwn: text -> DOM nodes. Entities are undone exactly once, and only &amp; &lt; &gt;.

import { emoji } from "./emoji.js";
import { append, fragment, h } from "./dom.js";
import { link, safeUrl } from "./links.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const STYLES = { "*": "strong", "_": "em", "~": "s" };
const BARE_URL = /^https?:\/\/[^\s<>|]+/i;
const EMOJI = /^:([a-z0-9_+'-]+):(?::skin-tone-\d:)?/;

export function unescape(text) {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}

export function mrkdwn(text, ctx, { verbatim = false } = {}) {
  const out = fragment();
  const parts = String(text ?? "").split(/```/);
  const closed = parts.length % 2 === 1;
  parts.forEach((part, index) => {
    const isCode = index % 2 === 1 && (closed || index < parts.length - 1);
    if (isCode) out.append(h("pre", { class: "code-block", tabindex: "0" }, h("code", {}, unescape(part.replace(/^\n|\n$/g, "")))));
    else out.append(...lines(index % 2 === 1 ? `\`\`\`${part}` : trimAroundCode(part, index, parts.length), ctx, verbatim));
  });
  return out;
}

function trimAroundCode(part, index, count) {
  let text = part;
  if (index > 0) text = text.replace(/^\n/, "");
  if (index < count - 1) text = text.replace(/\n$/, "");
  return text;
}

function lines(text, ctx, verbatim) {
  const nodes = [];
  let quote = null;
  let plain = [];
  const flush = () => {
    if (plain.length) nodes.push(...inline(plain.join("\n"), ctx, verbatim));
    plain = [];
  };
  for (const line of text.split("\n")) {
    const quoted = /^(?:>|&gt;) ?(.*)$/.exec(line);
    if (!quoted) { quote = null; plain.push(line); continue; }
    flush();
    if (!quote) { quote = h("blockquote"); nodes.push(quote); } else quote.append(h("br"));
    append(quote, inline(quoted[1], ctx, verbatim));
  }
  flush();
  return nodes;
}

export function inline(text, ctx, verbatim = false) {
  const nodes = [];
  let buffer = "";
  const flush = () => { if (buffer) nodes.push(document.createTextNode(unescape(buffer))); buffer = ""; };
  let i = 0;
  while (i < text.length) {
    const taken = take(text, i, ctx, verbatim);
    if (!taken) { buffer += text[i]; i += 1; continue; }
    flush();
    nodes.push(...taken.nodes);
    i = taken.end;
  }
  flush();
  return nodes;
}

function take(text, i, ctx, verbatim) {
  const char = text[i];
  if (char === "\n") return { nodes: [h("br")], end: i + 1 };
  if (char === "<") return takeToken(text, i, ctx);
  if (char === "`") return takeCode(text, i);
  if (STYLES[char]) return takeStyle(text, i, ctx, verbatim);
  if (char === ":") return takeEmoji(text, i);
  if (char === "h" && !verbatim && !/[\w/]/.test(text[i - 1] ?? "")) return takeUrl(text, i);
  return null;
}

function takeToken(text, i, ctx) {
  const end = text.indexOf(">", i);
  const body = end > i + 1 ? text.slice(i + 1, end) : "";
  const node = body && !body.includes("\n") ? token(body, ctx) : null;
  return node ? { nodes: [node], end: end + 1 } : null;
}

function takeCode(text, i) {
  const end = text.indexOf("`", i + 1);
  if (end <= i + 1 || text.slice(i, end).includes("\n")) return null;
  return { nodes: [h("code", { class: "code" }, unescape(text.slice(i + 1, end)))], end: end + 1 };
}

function takeEmoji(text, i) {
  const found = EMOJI.exec(text.slice(i, i + 64));
  if (!found || /\w/.test(text[i - 1] ?? "")) return null;
  const node = emoji(found[1]);
  return node.nodeType === Node.TEXT_NODE ? null : { nodes: [node], end: i + found[0].length };
}

function takeUrl(text, i) {
  const found = BARE_URL.exec(text.slice(i));
  if (!found) return null;
  const raw = found[0].replace(/(?:&gt;|&lt;).*$/, "").replace(/[.,;:!?)\]'"*_~]+$/, "");
  return safeUrl(unescape(raw)) ? { nodes: [link(unescape(raw), unescape(raw))], end: i + raw.length } : null;
}

function takeStyle(text, i, ctx, verbatim) {
  const mark = text[i];
  const before = text[i - 1] ?? " ";
  if (/[\w`]/.test(before) || before === mark || /[\s]/.test(text[i + 1] ?? " ")) return null;
  const end = closing(text, i, mark);
  if (end < 0) return null;
  return { nodes: [h(STYLES[mark], {}, inline(text.slice(i + 1, end), ctx, verbatim))], end: end + 1 };
}

function closing(text, start, mark) {
  for (let j = start + 1; j < text.length && text[j] !== "\n"; j += 1) {
    if (text[j] === "<") {
      const end = text.indexOf(">", j);
      if (end > 0) j = end;
    } else if (text[j] === "`") {
      const end = text.indexOf("`", j + 1);
      if (end > 0) j = end;
    } else if (text[j] === mark && j > start + 1 && !/\s/.test(text[j - 1]) && !/\w/.test(text[j + 1] ?? " ")) {
      return j;
    }
  }
  return -1;
}

// One <...> token, without its brackets; null when it is not one.
export function token(body, ctx) {
  const [target, ...rest] = body.split("|");
  const label = rest.length ? unescape(rest.join("|")) : null;
  if (target.startsWith("@")) return userMention(target.slice(1), ctx, label);
  if (target.startsWith("#")) return channelMention(target.slice(1), ctx, label);
  if (target.startsWith("!")) return special(target.slice(1), label, ctx);
  if (/^(https?:\/\/|mailto:|tel:)/i.test(target)) {
    return link(unescape(target), label ? inline(rest.join("|"), ctx, true) : unescape(target).replace(/^(mailto|tel):/i, ""));
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return link(target, label ?? unescape(target));
  return null;
}

export function userMention(id, ctx, label) {
  const user = ctx.user(id);
  const me = id === ctx.me?.id;
  return h("span", { class: `mention${me ? " mention-me" : ""}`, title: user ? `${user.real_name} · ${user.title ?? ""}` : id },
    `@${user?.real_name ?? label ?? id}`);
}

export function channelMention(id, ctx, label) {
  const channel = ctx.channel(id);
  if (!channel) return h("span", { class: "mention" }, `#${label ?? id}`);
  return h("button", { class: "mention mention-link", type: "button", onclick: () => ctx.openChannel(id) }, `#${channel.name}`);
}

function special(body, label, ctx) {
  if (body.startsWith("date^")) return dateToken(body, label, ctx);
  if (body.startsWith("subteam^")) return h("span", { class: "mention" }, label ?? "@group");
  if (["here", "channel", "everyone"].includes(body)) return broadcast(body);
  return document.createTextNode(label ?? `<!${body}>`);
}

export function broadcast(range) {
  return h("span", { class: "mention mention-broadcast", title: `Notifies @${range}` }, `@${range}`);
}

function dateToken(body, fallback, ctx) {
  const [, seconds, template, url] = body.split("^");
  const text = ctx.calendar.tokens(seconds, unescape(template ?? "")) ?? fallback ?? body;
  const node = h("time", { class: "date", title: ctx.calendar.full(new Date(Number(seconds) * 1000)) }, text);
  return url && safeUrl(url) ? link(url, node) : node;
}

// A text object of Block Kit: plain_text or mrkdwn.
export function textObject(object, ctx) {
  if (object === undefined || object === null) return null;
  if (typeof object === "string") return document.createTextNode(object);
  if (object.type === "mrkdwn") return mrkdwn(object.text, ctx, { verbatim: object.verbatim });
  return plainText(object.text, object.emoji !== false);
}

export function plainText(text, withEmoji = true) {
  const out = fragment();
  const pieces = String(text ?? "").split(/(:[a-z0-9_+'-]+:|\n)/);
  for (const piece of pieces) {
    if (piece === "\n") out.append(h("br"));
    else if (withEmoji && /^:[a-z0-9_+'-]+:$/.test(piece)) out.append(emoji(piece.slice(1, -1)));
    else if (piece) out.append(piece);
  }
  return out;
}

// What a screen reader or a preview line should say.
export function flatten(text, ctx) {
  const holder = h("div");
  holder.append(mrkdwn(text, ctx));
  return holder.textContent.replace(/\s+/g, " ").trim();
}
