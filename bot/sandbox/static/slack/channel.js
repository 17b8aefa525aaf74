// One conversation: heading, messages, status line, composer.

import { avatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { MessageList } from "./messages.js";
import { StatusLine } from "./status.js";
import { ROLES } from "./sidebar.js";

export class ChannelView {
  constructor(app, id) {
    this.app = app;
    this.channel = id;
    const channel = app.store.channels.get(id);
    const isDirect = channel.kind === "im";
    const label = app.channelLabel(id);
    this.head = isDirect && channel.peer?.is_bot ? null : this.#head(channel, isDirect);
    this.list = new MessageList(app, { channel: id, label: `Messages in ${label}`, onOlder: () => this.#older(), intro: this.#intro(channel, isDirect, label) });
    this.status = new StatusLine(app, (s) => s.channel === id && (!s.threadTs || !app.thread.isOpenAt(id, s.threadTs)));
    this.composer = app.canWrite(id) ? new Composer(app, { channel: id, placeholder: `Message ${label}` }) : null;
    this.prompts = h("div", { class: "prompts", hidden: true });
    this.node = h("div", { class: "conversation" }, this.list.node, this.prompts, this.status.node,
      this.composer?.node ?? h("p", { class: "not-member" }, "You are not a member of this channel."));
    this.unreadAtOpening = channel.unread ?? 0;
  }

  #head(channel, isDirect) {
    const lead = isDirect ? avatar(channel.peer, 30) : icon(channel.kind === "private" ? "lock" : "hash", { size: 20 });
    const topic = isDirect ? [ROLES[channel.peer?.role], channel.peer?.title].filter(Boolean).join(" · ") : channel.topic;
    return h("header", { class: "channel-head" }, this.app.menuButton(), h("div", { class: "channel-title" }, h("h1", {}, lead, isDirect ? channel.peer?.real_name ?? channel.name : channel.name),
      channel.is_ext_shared ? h("span", { class: "shared-tag", title: "People outside the organisation read here" }, icon("shared", { size: 14 }), "Shared outside") : null,
      h("p", { class: "topic" }, topic)));
  }

  #intro(channel, isDirect, label) {
    this.introNode = h("div", { class: "intro", hidden: true }, h("h2", {}, label), h("p", {}, isDirect
      ? `This is the very beginning of your conversation with ${channel.peer?.real_name ?? label}.` : `This is the very beginning of the ${label} channel. ${channel.topic ? `${channel.topic}.` : ""}`), this.hint = h("p", { class: "intro-hint", hidden: true },
      h("button", { class: "btn", type: "button", onclick: () => this.app.controls.open() }, "Make something happen in the CRM")));
    return this.introNode;
  }

  opened() {
    this.update({});
    this.load().catch(() => this.app.notify("The messages could not be loaded."));
  }

  async load() {
    await this.app.store.fillLog(this.channel, this.app.api.history(this.channel));
    this.app.markRead(this.channel);
  }

  async #older() {
    const log = this.app.store.log(this.channel);
    if (!log.hasMore || this.fetching) return;
    this.fetching = true;
    const first = [...log.messages.keys()].sort()[0];
    try {
      await this.app.store.fillLog(this.channel, this.app.api.history(this.channel, first), { older: true });
    } catch {
      this.app.notify("Older messages could not be loaded.");
    } finally {
      this.fetching = false;
    }
  }

  update({ older = false } = {}) {
    const log = this.app.store.log(this.channel);
    this.introNode.hidden = !log.loaded || log.hasMore;
    this.hint.hidden = !this.app.controls.available || log.messages.size > 0;
    if (log.loaded) this.#markNew(log);
    this.list.render(log.messages.values(), { newFrom: this.newFrom, older });
    this.status.update();
    this.#suggest();
  }

  // The line above what was unread when the channel was opened.
  #markNew(log) {
    if (this.newFrom !== undefined) return;
    const others = [...log.messages.values()].filter((m) => m.user !== this.app.store.me.id).map((m) => m.ts).sort();
    this.newFrom = this.unreadAtOpening ? others.at(-Math.min(this.unreadAtOpening, others.length)) ?? null : null;
  }

  // What the app suggests to ask it, above the composer of its Messages tab.
  #suggest() {
    const offered = this.app.store.prompts.get(this.channel);
    this.prompts.hidden = !offered || Boolean(offered.thread_ts);
    if (this.prompts.hidden || offered === this.offered) return;
    this.offered = offered;
    replace(this.prompts, offered.title ? h("p", { class: "prompts-title" }, offered.title) : null, h("div", { class: "prompts-row" }, offered.prompts.map((prompt) => h("button", {
      class: "btn prompt", type: "button", onclick: () => this.composer?.write(prompt.message),
    }, prompt.title))));
  }

  dispose() {
    this.list.dispose();
    this.status.dispose();
  }
}
