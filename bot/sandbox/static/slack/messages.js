// A scrolling list of messages, used by channels and by the thread panel.

import { keepFocus, rovingFocus } from "./a11y.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { renderMessage } from "./message.js";
import { tsDate } from "./time.js";

const GROUP_SECONDS = 300;
const BOTTOM_SLACK = 80;

export class MessageList {
  constructor(app, { channel, inThread = false, label, onOlder = null, intro = null }) {
    Object.assign(this, { app, channel, inThread, onOlder, intro });
    this.items = new Map();
    this.dividers = new Map();
    this.pinned = true;
    this.list = h("ol", { class: "messages", "aria-label": label });
    this.jump = h("button", { class: "jump", type: "button", hidden: true, onclick: () => this.toBottom() }, "New messages", icon("chevron", { size: 16 }));
    this.scroller = h("div", { class: "scroller", tabindex: "-1", id: inThread ? null : "messages" }, intro, this.list);
    this.node = h("div", { class: "list-frame" }, this.scroller, this.jump);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.resize = new ResizeObserver(() => { if (this.pinned) this.#snap(); });
    this.resize.observe(this.list);
    this.resize.observe(this.scroller);
    rovingFocus(this.list, ".message");
  }

  dispose() {
    this.resize.disconnect();
  }

  render(messages, { newFrom = null, older = false } = {}) {
    const sorted = [...messages].sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    const hadLast = this.lastTs;
    keepFocus(this.list, () => this.#sync(this.#nodes(sorted, newFrom)));
    this.lastTs = sorted.at(-1)?.ts;
    if (older) this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
    else if (this.pinned) this.#snap();
    else if (hadLast && this.lastTs > hadLast) this.jump.hidden = false;
  }

  #nodes(sorted, newFrom) {
    const nodes = [];
    const seen = new Set();
    let previous = null;
    let day = null;
    for (const message of sorted) {
      const key = this.app.calendar.dayKey(tsDate(message.ts));
      const startsDay = key !== day;
      if (startsDay && !(this.inThread && day === null)) nodes.push(this.#divider(`day-${key}`, this.app.calendar.day(tsDate(message.ts)), "day"));
      const isNew = newFrom === message.ts;
      if (isNew) nodes.push(this.#divider("new", "New", "new"));
      nodes.push(this.#item(message, !startsDay && !isNew && follows(previous, message)));
      if (this.inThread && previous === null && sorted.length > 1) nodes.push(this.#divider("replies", `${sorted.length - 1} ${sorted.length === 2 ? "reply" : "replies"}`, "replies"));
      day = key;
      previous = message;
      seen.add(message.ts);
    }
    for (const ts of this.items.keys()) if (!seen.has(ts)) this.items.delete(ts);
    return nodes;
  }

  #divider(key, text, kind) {
    const id = `${key}/${text}`;
    if (!this.dividers.has(id)) this.dividers.set(id, h("li", { class: `divider-row divider-${kind}`, role: "separator", "aria-label": text }, h("span", {}, text)));
    return this.dividers.get(id);
  }

  #item(message, compact) {
    const signature = JSON.stringify([message, compact]);
    const known = this.items.get(message.ts);
    if (known?.signature === signature) return known.node;
    const { node, form } = renderMessage(this.app, message, { channel: this.channel, compact, inThread: this.inThread, kept: known?.form.values() });
    this.items.set(message.ts, { node, form, signature });
    return node;
  }

  #sync(nodes) {
    let cursor = this.list.firstChild;
    for (const node of nodes) {
      if (node === cursor) cursor = cursor.nextSibling;
      else this.list.insertBefore(node, cursor);
    }
    while (cursor) {
      const next = cursor.nextSibling;
      cursor.remove();
      cursor = next;
    }
    this.list.querySelectorAll(".message").forEach((n, k, all) => n.setAttribute("tabindex", k === all.length - 1 ? "0" : "-1"));
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.pinned = scrollHeight - scrollTop - clientHeight < BOTTOM_SLACK;
    if (this.pinned) this.jump.hidden = true;
    if (scrollTop < 120) this.onOlder?.();
  }

  #snap() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  toBottom() {
    this.pinned = true;
    this.jump.hidden = true;
    this.#snap();
  }
}

function follows(previous, message) {
  if (!previous || previous.is_ephemeral || message.is_ephemeral) return false;
  const sameAuthor = previous.user === message.user && previous.bot_id === message.bot_id && previous.username === message.username;
  return sameAuthor && !message.blocks?.length && Number(message.ts) - Number(previous.ts) < GROUP_SECONDS;
}
