// The thread panel.

import { Composer } from "./composer.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { MessageList } from "./messages.js";
import { StatusLine } from "./status.js";

export class ThreadPanel {
  constructor(app) {
    this.app = app;
    this.node = h("section", { class: "panel thread-panel", "aria-label": "Thread", hidden: true });
  }

  async open(channel, threadTs) {
    this.close({ refocus: false });
    this.channel = channel;
    this.threadTs = threadTs;
    this.origin = document.activeElement;
    this.list = new MessageList(this.app, { channel, inThread: true, label: "Messages of the thread" });
    this.composer = new Composer(this.app, { channel, threadTs, placeholder: "Reply…" });
    this.status = new StatusLine(this.app, (s) => s.channel === channel && s.threadTs === threadTs);
    const name = this.app.channelLabel(channel);
    replace(this.node, h("header", { class: "panel-head" }, h("div", {}, h("h2", {}, "Thread"), h("div", { class: "panel-sub" }, name)),
      h("button", { class: "tool", type: "button", "aria-label": "Close the thread", onclick: () => this.app.closeThread() }, icon("close"))),
    this.list.node, this.status.node, this.app.canWrite(channel) ? this.composer.node : null);
    this.node.hidden = false;
    this.node.onkeydown = (event) => { if (event.key === "Escape" && !event.defaultPrevented) this.app.closeThread(); };
    await this.load();
    this.composer.focus();
  }

  async load() {
    const { channel, threadTs } = this;
    if (!channel) return;
    const { messages } = await this.app.api.thread(channel, threadTs);
    this.app.store.fillThread(channel, threadTs, messages);
  }

  update() {
    if (this.node.hidden) return;
    const messages = this.app.store.thread(this.channel, this.threadTs);
    if (messages) this.list.render(messages.values());
    this.status.update();
  }

  isOpenAt(channel, threadTs) {
    return !this.node.hidden && this.channel === channel && this.threadTs === threadTs;
  }

  close({ refocus = true } = {}) {
    if (this.node.hidden) return;
    this.node.hidden = true;
    this.list.dispose();
    this.status.dispose();
    replace(this.node);
    this.channel = null;
    this.threadTs = null;
    if (refocus && this.origin?.isConnected) this.origin.focus();
  }
}
