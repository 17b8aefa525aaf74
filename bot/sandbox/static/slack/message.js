// One message of a list.

import { avatar } from "./avatar.js";
import { emoji } from "./emoji.js";
import { Form } from "./form.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { link, localUrl, safeUrl } from "./links.js";
import { flatten, mrkdwn } from "./mrkdwn.js";
import { openList } from "./popover.js";
import { renderBlocks } from "./blocks/index.js";
import { tsDate } from "./time.js";

// place: {channel, compact, inThread, kept}; returns {node, form}.
export function renderMessage(app, message, place) {
  const author = app.author(message);
  const form = new Form(place.kept);
  const ctx = app.context({
    surface: "message", form,
    target: { channel: place.channel, message_ts: message.ts, ...(message.is_ephemeral ? { is_ephemeral: true } : {}) },
  });
  const date = tsDate(message.ts);
  const time = h("time", { datetime: date.toISOString(), title: app.calendar.full(date) }, app.calendar.clock(date));
  const name = h("span", { class: "author" }, author.real_name, author.is_bot ? h("span", { class: "app-tag" }, "App") : null);
  const head = place.compact ? null : h("div", { class: "message-head" }, name, h("span", { class: "message-time" }, time));
  const node = h("li", {
    class: ["message", place.compact ? "compact" : "", message.is_ephemeral ? "ephemeral" : "", message.streaming ? "streaming" : ""].filter(Boolean).join(" "),
    tabindex: "-1", dataset: { ts: message.ts }, "aria-label": `${author.real_name}, ${app.calendar.clock(date)}`,
  },
  message.is_ephemeral ? h("div", { class: "ephemeral-mark" }, icon("eye", { size: 15 }), "Only visible to you") : null,
  h("div", { class: "message-side" }, place.compact ? h("span", { class: "message-time side-time" }, time.cloneNode(true)) : avatar(author, 38)),
  h("div", { class: "message-main" }, head, body(message, ctx), attachments(message, ctx), files(message), reactions(app, message),
    place.inThread ? null : replies(app, message, place)),
  tools(app, message, place));
  node.addEventListener("keydown", (event) => {
    if (event.target === node && event.key === "Enter" && !place.inThread && !message.is_ephemeral) app.openThread(place.channel, message.thread_ts ?? message.ts);
  });
  return { node, form };
}

function body(message, ctx) {
  const edited = message.edited && !message.streaming ? h("span", { class: "edited", title: message.edited.ts ? ctx.calendar.full(tsDate(message.edited.ts)) : null }, "(edited)") : null;
  if (message.blocks?.length) return [renderBlocks(message.blocks, ctx), edited];
  if (!message.text && !message.streaming) return null;
  return h("div", { class: "message-text" }, mrkdwn(message.text ?? "", ctx), edited ? [" ", edited] : null);
}

function attachments(message, ctx) {
  return (message.attachments ?? []).map((item) => {
    const colour = { good: "#2f9e6e", warning: "#d9a514", danger: "#c0392b" }[item.color] ?? (/^#?[0-9a-f]{6}$/i.test(item.color ?? "") ? `#${item.color.replace("#", "")}` : null);
    return h("div", { class: "attachment", style: colour ? { "--bar": colour } : {} },
      item.pretext ? h("div", {}, mrkdwn(item.pretext, ctx)) : null,
      item.title ? h("div", { class: "attachment-title" }, item.title_link ? link(item.title_link, item.title) : item.title) : null,
      item.blocks?.length ? renderBlocks(item.blocks, ctx) : item.text ? h("div", {}, mrkdwn(item.text, ctx)) : null,
      item.fields?.length ? h("div", { class: "section-fields" }, item.fields.map((f) => h("div", { class: "section-field" }, h("strong", {}, f.title), h("br"), mrkdwn(f.value ?? "", ctx)))) : null,
      item.footer ? h("div", { class: "attachment-footer" }, item.footer) : null,
      !item.blocks?.length && !item.text && item.fallback ? item.fallback : null);
  });
}

function files(message) {
  return (message.files ?? []).map((file) => {
    const href = localUrl(file.url) ?? safeUrl(file.url);
    const name = file.title || file.name;
    if (localUrl(file.url) && /^image\/(png|jpe?g|gif|webp)$/.test(file.mimetype ?? "")) {
      return h("figure", { class: "file-image" }, h("figcaption", {}, link(href, name)), h("a", { href, target: "_blank", rel: "noopener noreferrer" }, h("img", { src: href, alt: file.alt_txt || name, loading: "lazy" })));
    }
    const inner = [h("span", { class: "file-icon" }, icon("file")), h("span", { class: "file-text" }, h("span", { class: "file-name" }, name), h("span", { class: "file-size" }, `${kindOf(file)} · ${size(file.size)}`))];
    return href ? h("a", { class: "file", href, target: "_blank", rel: "noopener noreferrer" }, inner) : h("div", { class: "file" }, inner);
  });
}

function kindOf(file) {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(file.name ?? "")?.[1];
  return (ending ?? file.mimetype ?? "file").toUpperCase();
}

function size(bytes) {
  if (!bytes) return "0 B";
  const power = Math.min(3, Math.floor(Math.log(bytes) / Math.log(1024)));
  return `${(bytes / 1024 ** power).toFixed(power ? 1 : 0)} ${["B", "kB", "MB", "GB"][power]}`;
}

function reactions(app, message) {
  if (!message.reactions?.length) return null;
  return h("div", { class: "reactions" }, message.reactions.map(({ name, users = [], count }) => h("span", {
    class: "reaction", title: users.map((id) => app.store.users.get(id)?.real_name ?? id).join(", "),
  }, emoji(name), " ", String(count ?? users.length))));
}

function replies(app, message, { channel }) {
  if (!message.reply_count) return null;
  const count = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`;
  return h("button", { class: "thread-link", type: "button", dataset: { focus: `thread/${message.ts}` }, onclick: () => app.openThread(channel, message.ts) },
    icon("reply", { size: 16 }), h("strong", {}, count), h("span", { class: "thread-more" }, "View thread"));
}

function tools(app, message, place) {
  const root = message.thread_ts ?? message.ts;
  const reply = place.inThread || message.is_ephemeral ? null : h("button", {
    class: "tool", type: "button", title: "Reply in thread", "aria-label": "Reply in thread", onclick: () => app.openThread(place.channel, root),
  }, icon("reply", { size: 17 }));
  const more = h("button", { class: "tool", type: "button", title: "More actions", "aria-label": "More actions", "aria-haspopup": "listbox", "aria-expanded": "false" }, icon("more", { size: 17 }));
  more.addEventListener("click", () => openList(more, { label: "Message actions", groups: menuGroups(app, message, place), filter: false, onChoose: (option) => option.run() }));
  return h("div", { class: "tools" }, reply, more);
}

function menuGroups(app, message, place) {
  const own = [
    place.inThread || message.is_ephemeral ? null : { id: "reply", label: "Reply in thread", lead: icon("reply", { size: 16 }), run: () => app.openThread(place.channel, message.thread_ts ?? message.ts) },
    { id: "copy", label: "Copy text", lead: icon("copy", { size: 16 }), run: () => app.copy(flatten(message.text ?? "", app.context({}))) },
  ].filter(Boolean);
  const shortcuts = app.store.shortcuts.filter((s) => s.type === "message").map((s) => ({
    id: s.callback_id, label: s.name, hint: s.description, lead: icon("bolt", { size: 16 }), run: () => app.runShortcut(s, place.channel, message.ts),
  }));
  return shortcuts.length ? [{ options: own }, { label: app.store.bot?.real_name ?? "App", options: shortcuts }] : [{ options: own }];
}
