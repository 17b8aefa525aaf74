// Where people write: messages, slash commands and @mentions.

import { avatar } from "./avatar.js";
import { h, replace, uid } from "./dom.js";
import { icon } from "./icons.js";
import { openList } from "./popover.js";

const MAX_SUGGESTIONS = 8;

export class Composer {
  constructor(app, { channel, threadTs = null, placeholder }) {
    Object.assign(this, { app, channel, threadTs });
    this.key = `${channel}/${threadTs ?? ""}`;
    this.suggestions = [];
    this.listId = uid("suggest");
    this.input = h("textarea", {
      class: "composer-input", rows: 1, placeholder, "aria-label": placeholder, "aria-autocomplete": "list", "aria-controls": this.listId,
      value: app.drafts.get(this.key) ?? "", dataset: { focus: `composer/${this.key}` },
    });
    this.list = h("div", { class: "suggestions", role: "listbox", id: this.listId, "aria-label": "Suggestions", hidden: true });
    this.usage = h("div", { class: "usage", hidden: true });
    this.problem = h("div", { class: "composer-problem", role: "alert" });
    this.sendButton = h("button", { class: "send", type: "button", "aria-label": "Send", title: "Send", onclick: () => this.send() }, icon("send", { size: 18 }));
    this.node = h("div", { class: "composer" }, this.problem, this.list, h("div", { class: "composer-box" }, this.usage, this.input, this.#bar()));
    this.#listen();
    this.#changed();
  }

  #bar() {
    const slash = this.#tool("/", "Slash commands", () => { if (!this.input.value) this.#insert("/"); });
    const mention = this.#tool(icon("at", { size: 18 }), "Mention somebody", () => this.#insert("@"));
    const global = this.app.store.shortcuts.filter((s) => s.type === "global");
    const shortcuts = global.length ? this.#tool(icon("bolt", { size: 18 }), "Shortcuts", (node) => openList(node, {
      label: "Shortcuts", groups: [{ label: this.app.store.bot?.real_name, options: global.map((s) => ({ id: s.callback_id, label: s.name, hint: s.description, run: s })) }],
      onChoose: (option) => this.app.runShortcut(option.run, this.channel),
    })) : null;
    return h("div", { class: "composer-bar" }, shortcuts, slash, mention, h("span", { class: "composer-hint" }, h("kbd", {}, "Enter"), " to send · ", h("kbd", {}, "Shift Enter"), " for a new line"), this.sendButton);
  }

  #tool(content, label, run) {
    const node = h("button", { class: "composer-tool", type: "button", "aria-label": label, title: label }, content);
    node.addEventListener("click", () => run(node));
    return node;
  }

  #listen() {
    this.input.addEventListener("input", () => this.#changed());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("focus", () => { this.app.lastComposer = this; });
    this.input.addEventListener("blur", () => setTimeout(() => this.#hide(), 120));
  }

  focus() {
    this.input.focus();
  }

  // Sends *text* as if it had been typed.
  write(text) {
    this.input.value = text;
    return this.send();
  }

  showProblem(text) {
    replace(this.problem, icon("error", { size: 16 }), h("span", {}, text),
      h("button", { class: "problem-close", type: "button", "aria-label": "Dismiss", onclick: () => this.clearProblem() }, icon("close", { size: 14 })));
  }

  clearProblem() {
    replace(this.problem);
  }

  #insert(text) {
    const { selectionStart: at, value } = this.input;
    const gap = text === "@" && at > 0 && !/\s/.test(value[at - 1]) ? " " : "";
    this.input.setRangeText(gap + text, at, this.input.selectionEnd, "end");
    this.input.focus();
    this.#changed();
  }

  #changed() {
    this.app.drafts.set(this.key, this.input.value);
    this.input.style.setProperty("height", "auto");
    if (this.input.isConnected) this.input.style.setProperty("height", `${Math.min(this.input.scrollHeight, 220)}px`);
    this.sendButton.disabled = !this.input.value.trim();
    this.#usage();
    this.#suggest();
  }

  #usage() {
    const word = /^(\/\S+)\s/.exec(this.input.value)?.[1];
    const command = word ? this.app.store.commands.find((c) => c.command === word) : null;
    this.usage.hidden = !command;
    if (command) replace(this.usage, h("strong", {}, command.command), " ", h("span", { class: "usage-hint" }, command.usage_hint), h("span", { class: "usage-text" }, command.description));
  }

  #suggest() {
    const before = this.input.value.slice(0, this.input.selectionStart);
    const slash = /^\/(\S*)$/.exec(before);
    const at = /(?:^|\s)@([\p{L}\p{N}.' -]{0,30})$/u.exec(before);
    if (slash) this.#show(this.#commandOptions(slash[1]), 0);
    else if (at) this.#show(this.#peopleOptions(at[1]), before.length - at[1].length - 1);
    else this.#hide();
  }

  #commandOptions(typed) {
    return this.app.store.commands.filter((c) => c.command.slice(1).startsWith(typed.toLowerCase())).map((c) => ({
      insert: `${c.command} `, lead: h("span", { class: "suggest-lead" }, icon("bolt", { size: 17 })), label: [h("strong", {}, c.command), " ", h("span", { class: "usage-hint" }, c.usage_hint)], hint: c.description,
    }));
  }

  #peopleOptions(typed) {
    const needle = typed.trim().toLowerCase();
    const exact = this.app.mentionables().some((u) => u.real_name.toLowerCase() === needle);
    if (exact && typed.endsWith(" ")) return [];
    const startsWord = (u) => u.real_name.toLowerCase().split(/\s+/).some((word) => word.startsWith(needle)) || u.real_name.toLowerCase().startsWith(needle);
    const found = this.app.mentionables().filter((u) => u.real_name.toLowerCase().includes(needle));
    return [...found.filter(startsWord), ...found.filter((u) => !startsWord(u))].map((u) => ({
      insert: `@${u.real_name} `, lead: avatar(u, 26), label: u.real_name, hint: u.title,
    }));
  }

  #show(options, from) {
    this.suggestions = options.slice(0, MAX_SUGGESTIONS);
    this.from = from;
    this.active = 0;
    this.list.hidden = !this.suggestions.length;
    replace(this.list, this.suggestions.map((o, k) => h("div", {
      class: "suggestion", role: "option", id: `${this.listId}-${k}`, onpointerdown: (event) => { event.preventDefault(); this.#accept(k); },
    }, o.lead, h("span", { class: "suggestion-label" }, o.label), h("span", { class: "suggestion-hint" }, o.hint))));
    this.#mark();
  }

  #mark() {
    [...this.list.children].forEach((node, k) => node.setAttribute("aria-selected", String(k === this.active)));
    if (this.suggestions.length) this.input.setAttribute("aria-activedescendant", `${this.listId}-${this.active}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #hide() {
    this.suggestions = [];
    this.list.hidden = true;
    this.#mark();
  }

  #accept(k) {
    this.input.setRangeText(this.suggestions[k].insert, this.from, this.input.selectionStart, "end");
    this.#changed();
    this.#hide();
    this.input.focus();
  }

  #key(event) {
    if (event.isComposing) return;
    const open = this.suggestions.length > 0;
    const complete = this.suggestions[this.active]?.insert.trim() === this.input.value.trim();
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.active = (this.active + step + this.suggestions.length) % this.suggestions.length;
      this.#mark();
    } else if (open && !complete && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey) {
      event.preventDefault();
      this.#accept(this.active);
    } else if (open && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#hide();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    }
  }

  async send() {
    const text = this.input.value.trim();
    if (!text || this.busy) return;
    const command = /^(\/\S+)\s*([\s\S]*)$/.exec(text);
    if (command && !this.app.store.commands.some((c) => c.command === command[1].toLowerCase())) {
      this.showProblem(`${command[1]} is not a command of this workspace. Type / to see them.`);
      return;
    }
    this.clearProblem();
    this.#hide();
    this.#setBusy(true);
    this.app.lastComposer = this;
    try {
      if (command) await this.app.api.command(this.channel, command[1].toLowerCase(), command[2], this.threadTs);
      else await this.app.api.message(this.channel, text, this.threadTs);
      this.input.value = "";
      this.app.sent(this);
    } catch (error) {
      this.showProblem(error.status ? error.message : "The workspace cannot be reached. Your text is still here; try again.");
    } finally {
      this.#setBusy(false);
      this.#changed();
      this.input.focus();
    }
  }

  #setBusy(busy) {
    this.busy = busy;
    this.input.readOnly = busy;
    this.sendButton.classList.toggle("busy", busy);
  }
}
