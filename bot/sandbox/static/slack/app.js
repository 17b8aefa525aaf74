// Wires the page together: what is open, what arrives, what a person does.

import { Api } from "./api.js";
import { announce } from "./a11y.js";
import { Banner } from "./banner.js";
import { ChannelView } from "./channel.js";
import { Controls } from "./controls.js";
import { h, replace } from "./dom.js";
import { HomeView, aboutTab, tabBar } from "./home.js";
import { Modals } from "./modal.js";
import { flatten } from "./mrkdwn.js";
import { Sidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";
import { ThreadPanel } from "./thread.js";
import { Calendar } from "./time.js";
import { failed } from "./interaction.js";

// How long after a click a problem is taken to be about it: the app has three seconds to answer.
const PROBLEM_WINDOW_MS = 6000;
// The workspace says when an app failed, not when it answered: a control stops waiting when something changes, or after this.
const SETTLE_MS = 1200;
const FIRST_PERSONA = "U0OLIVIA0";

export class App {
  constructor(boot, api) {
    this.api = api;
    this.store = new Store(boot);
    this.calendar = new Calendar(boot.me.tz, boot.clock);
    this.drafts = new Map();
    this.modals = new Modals(this);
    this.controls = new Controls(this);
    this.sidebar = new Sidebar(this);
    this.banner = new Banner(this);
    this.thread = new ThreadPanel(this);
    this.main = h("main", { class: "main" });
    this.side = h("aside", { class: "side", hidden: true }, this.thread.node, this.controls.node);
    this.veil = h("div", { class: "veil", onclick: () => this.toggleSidebar(false) });
    this.shell = h("div", { class: "shell" }, this.sidebar.node, this.veil, this.main, this.side);
  }

  start(root, boot) {
    replace(root, this.banner.node, this.shell);
    this.#listen();
    this.controls.discover();
    const params = new URLSearchParams(location.search);
    this.#route(params);
    root.dataset.ready = "true";
    this.stream = new Stream(`/sim/stream?as=${encodeURIComponent(this.store.me.id)}`, {
      onEvent: (name, data) => this.#arrived(name, data),
      onState: (state) => { this.store.connection = state; this.banner.update(); },
      onGap: () => this.#catchUp(),
    });
    this.stream.start();
    if (boot.views?.length) this.modals.restore(boot.views);
  }

  // --- names ------------------------------------------------------------------------------------------------------

  author(message) {
    const known = this.store.users.get(message.user);
    if (known) return message.username && known.is_bot && message.username !== known.name ? { ...known, real_name: known.real_name ?? message.username } : known;
    if (message.bot_id) return { ...this.store.bot, real_name: message.username ?? this.store.bot?.real_name };
    return { real_name: message.username ?? message.user ?? "Unknown", initials: "?" };
  }

  context({ surface, form, target }) {
    return {
      surface, form, me: this.store.me, calendar: this.calendar,
      user: (id) => this.store.users.get(id), channel: (id) => this.store.channels.get(id),
      people: () => this.personas(), channels: () => [...this.store.channels.values()].filter((c) => c.is_member !== false),
      openChannel: (id) => this.openChannel(id), act: (action, node) => this.#act(action, node, target, form),
      suggest: (action, typed) => this.api.suggest({ ...target, action, value: typed }),
    };
  }

  personas() { return this.store.people.filter((u) => !u.is_bot); }

  mentionables() { return [...new Map([...this.store.people, this.store.bot].filter(Boolean).map((u) => [u.id, u])).values()]; }

  channelNamed(name) { return [...this.store.channels.values()].find((c) => c.name === name && c.kind !== "im"); }

  channelLabel(id) {
    const channel = this.store.channels.get(id);
    if (!channel) return "";
    return channel.kind === "im" ? channel.peer?.real_name ?? channel.name : `#${channel.name}`;
  }

  botChannel() { return [...this.store.channels.values()].find((c) => c.kind === "im" && c.peer?.id === this.store.bot?.id); }

  canWrite(id) { return this.store.channels.get(id)?.is_member !== false; }

  // --- places -----------------------------------------------------------------------------------------------------

  #route(params) {
    const wanted = this.store.channels.get(params.get("channel"));
    const tab = params.get("app");
    if (tab) this.openApp(tab, { push: false });
    else this.openChannel((wanted ?? this.#firstChannel()).id, { push: false });
    const threadTs = params.get("thread");
    if (threadTs && wanted) this.openThread(wanted.id, threadTs);
  }

  #firstChannel() {
    const mine = [...this.store.channels.values()].filter((c) => c.is_member !== false);
    const own = `-${this.store.me.name.split(".")[0]}`; // #portfolio-olivia for olivia.hart
    return mine.find((c) => c.unread && c.kind !== "im") ?? mine.find((c) => c.unread) ?? mine.find((c) => c.name?.endsWith(own)) ?? mine[0] ?? [...this.store.channels.values()][0];
  }

  #remember(push) {
    const { current } = this.store;
    const params = new URLSearchParams({ as: this.store.me.id });
    if (current.kind === "app") params.set("app", current.tab);
    else params.set("channel", current.channel);
    if (this.thread.threadTs) params.set("thread", this.thread.threadTs);
    const url = `${location.pathname}?${params}`;
    if (push && url !== location.pathname + location.search) history.pushState({}, "", url);
    else history.replaceState({}, "", url);
    this.#title();
  }

  #title() {
    const unread = [...this.store.channels.values()].reduce((sum, c) => sum + (c.unread ?? 0), 0);
    const where = this.store.current.kind === "app" ? this.store.bot?.real_name : this.channelLabel(this.store.current.channel);
    document.title = `${unread ? `(${unread}) ` : ""}${where} · ${this.store.team.name} (simulated Slack)`;
  }

  openChannel(id, { push = true } = {}) {
    if (id === this.botChannel()?.id) { this.openApp("messages", { push }); return; }
    if (this.view?.channel !== id) {
      this.closeThread({ remember: false });
      this.#show({ kind: "channel", channel: id }, new ChannelView(this, id));
    }
    this.toggleSidebar(false);
    this.#remember(push);
  }

  openApp(tab = "home", { push = true, focusTab = false } = {}) {
    this.closeThread({ remember: false });
    const channel = tab === "messages" ? this.botChannel()?.id : null;
    const view = { home: () => this.#home(), about: () => ({ node: aboutTab(this) }) }[tab]?.() ?? this.#appMessages(channel);
    this.#show({ kind: "app", tab, channel }, view, tabBar(this, tab));
    this.toggleSidebar(false);
    this.#remember(push);
    if (focusTab) this.main.querySelector("[role=tab][aria-selected=true]")?.focus();
  }

  #appMessages(channel) {
    if (channel) return new ChannelView(this, channel);
    return { node: h("div", { class: "home scroller" }, h("div", { class: "empty" }, h("h3", {}, "No conversation yet"), h("p", {}, "The app cannot be written to directly."))) };
  }

  #home() {
    const view = new HomeView(this);
    this.homeView = view;
    this.#loadHome();
    return view;
  }

  async #loadHome() {
    try {
      const { view } = await this.api.home();
      if (view || !this.store.home) this.store.home = view;
    } catch {
      this.notify("The Home tab could not be loaded.");
    }
    this.homeView?.update();
  }

  #show(current, view, tabs = null) {
    this.view?.dispose?.();
    this.store.current = current;
    this.view = view;
    const head = view.head ?? h("header", { class: "channel-head" }, this.menuButton(), h("div", { class: "channel-title" }, h("h1", {}, this.store.bot?.real_name ?? "App")));
    replace(this.main, head, tabs, view.node);
    view.opened?.();
    this.sidebar.update();
  }

  menuButton() {
    return h("button", { class: "tool menu-button", type: "button", "aria-label": "Open the side bar", "aria-controls": "sidebar", onclick: () => this.toggleSidebar(true) }, this.menuIcon());
  }

  menuIcon() { return h("span", { class: "burger", "aria-hidden": "true" }, h("i"), h("i"), h("i")); }

  toggleSidebar(open) {
    const changed = this.shell.classList.contains("drawer-open") !== open;
    this.shell.classList.toggle("drawer-open", open);
    if (open) this.sidebar.node.querySelector(".place[tabindex='0'], .place")?.focus();
    else if (changed) this.main.querySelector(".menu-button")?.focus();
  }

  layout() {
    this.side.hidden = this.thread.node.hidden && this.controls.node.hidden;
  }

  async openThread(channel, threadTs) {
    const opening = this.thread.open(channel, threadTs);
    this.layout();
    this.#remember(true);
    try { await opening; } catch { this.thread.composer?.showProblem("The thread could not be loaded."); }
  }

  closeThread({ remember = true } = {}) {
    this.thread.close();
    this.layout();
    if (remember) this.#remember(true);
  }

  switchPersona(id) {
    if (id === this.store.me.id) return;
    const params = new URLSearchParams({ as: id });
    const channel = this.store.current.channel;
    if (channel && this.store.current.kind === "channel") params.set("channel", channel);
    location.assign(`${location.pathname}?${params}`);
  }

  // --- what a person does -----------------------------------------------------------------------------------------

  async #act(action, node, target, form) {
    node.dataset.state = "pending";
    node.setAttribute("aria-busy", "true");
    node.removeAttribute("title");
    this.lastAct = { node, at: Date.now(), actionId: action.action_id };
    try {
      await this.api.block({ ...target, action, state: { values: form.values() } });
      await Promise.race([new Promise((resolve) => { this.settle = resolve; }), new Promise((resolve) => setTimeout(resolve, SETTLE_MS))]);
      if (node.dataset.state === "pending") node.dataset.state = "";
    } catch (error) {
      failed(node, error.status ? error.message : "The workspace cannot be reached.");
      announce("That did not work.");
    } finally {
      node.removeAttribute("aria-busy");
    }
  }

  async runShortcut(shortcut, channel, messageTs) {
    try {
      await this.api.shortcut({ callback_id: shortcut.callback_id, ...(channel ? { channel } : {}), ...(messageTs ? { message_ts: messageTs } : {}) });
    } catch (error) {
      this.notify(error.status ? error.message : "The workspace cannot be reached.");
    }
  }

  async copy(text) {
    try { await navigator.clipboard.writeText(text); announce("Copied"); } catch { this.notify("The text could not be copied."); }
  }

  sent(composer) {
    (composer.threadTs ? this.thread.list : this.view.list)?.toBottom();
  }

  markRead(channel) {
    if (document.visibilityState !== "visible" || !this.store.channels.get(channel)?.unread) return;
    this.api.read(channel).catch(() => {});
  }

  notify(text) {
    const composer = this.lastComposer?.node.isConnected ? this.lastComposer : this.view?.composer;
    if (this.modals.showProblem(text)) return;
    if (composer?.node.isConnected) composer.showProblem(text);
    else this.#toast(text);
  }

  #toast(text) {
    const toast = h("div", { class: "toast", role: "alert" }, text);
    document.body.append(toast);
    setTimeout(() => toast.remove(), 6000);
  }

  // --- what arrives -----------------------------------------------------------------------------------------------

  #listen() {
    this.store.on("log", ({ channel, older }) => { if (this.view?.channel === channel) this.view.update({ older }); });
    this.store.on("thread", ({ channel, threadTs }) => { if (this.thread.isOpenAt(channel, threadTs)) this.thread.update(); });
    this.store.on("status", () => { this.view?.status?.update(); this.thread.update(); });
    this.store.on("channels", () => { this.sidebar.update(); this.#title(); });
    this.store.on("faults", () => this.banner.update());
    document.addEventListener("visibilitychange", () => { if (this.view?.channel) this.markRead(this.view.channel); });
    addEventListener("popstate", () => { this.thread.close({ refocus: false }); this.layout(); this.#route(new URLSearchParams(location.search)); });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape" && this.shell.classList.contains("drawer-open")) this.toggleSidebar(false); });
  }

  #arrived(name, data) {
    const handlers = {
      message: () => this.#message(data),
      message_changed: () => this.store.put(data.channel, data.message),
      message_deleted: () => this.store.remove(data.channel, data.ts),
      ephemeral_removed: () => this.store.remove(data.channel, data.ts),
      view_opened: () => this.modals.open(data.view),
      view_updated: () => this.modals.update(data.view),
      view_pushed: () => this.modals.push(data.view),
      view_closed: () => this.modals.remove(data.view_id),
      view_errors: () => this.modals.showErrors(data.view_id, data.errors),
      home: () => { this.store.home = data.view; this.homeView?.update(); },
      status: () => this.store.setStatus(data),
      unread: () => this.#unread(data),
      problem: () => this.#problem(data),
      prompts: () => { this.store.prompts.set(data.channel, data); this.view?.update?.({}); },
      faults: () => { this.store.faults = data.faults ?? data; this.store.emit("faults"); },
    };
    handlers[name]?.();
    if (name !== "unread") this.settle?.();
  }

  #message({ channel, message }) {
    this.store.put(channel, message);
    if (message.user === this.store.bot?.id) this.store.setStatus({ channel, thread_ts: message.thread_ts ?? "", status: "" });
    if (message.user !== this.store.me.id) {
      announce(`${this.author(message).real_name} in ${this.channelLabel(channel)}: ${flatten(message.text ?? "", this.context({})).slice(0, 200)}`);
    }
    if (this.view?.channel === channel) this.markRead(channel);
  }

  #unread({ channel, unread }) {
    if (!this.store.channels.has(channel)) this.#refreshBoot();
    this.store.setUnread(channel, unread);
    if (unread && this.view?.channel === channel) this.markRead(channel);
  }

  #problem({ text, action_id: actionId }) {
    const act = this.lastAct;
    const isRecent = act && Date.now() - act.at < PROBLEM_WINDOW_MS && act.node.isConnected;
    if (isRecent && (actionId === undefined || actionId === act.actionId)) failed(act.node, text);
    this.notify(text);
  }

  async #refreshBoot() {
    try { await this.store.refreshFrom(this.api.boot()); } catch { /* the stream's next reconnect tries again */ }
  }

  async #catchUp() {
    await this.#refreshBoot();
    this.view?.load?.().catch(() => {});
    if (this.thread.threadTs) this.thread.load().catch(() => {});
    if (this.store.current?.kind === "app" && this.store.current.tab === "home") this.#loadHome();
  }
}

async function begin() {
  const root = document.getElementById("app");
  const wanted = new URLSearchParams(location.search).get("as");
  const api = new Api(wanted ?? FIRST_PERSONA);
  try {
    const boot = await api.boot();
    api.as = boot.me.id;
    new App(boot, api).start(root, boot);
  } catch (error) {
    replace(root, h("div", { class: "boot-note" }, h("p", {}, error.status ? `The workspace could not be opened: ${error.message}` : "The workspace cannot be reached. Is it running?"),
      h("button", { class: "btn btn-primary", type: "button", onclick: () => location.assign(location.pathname) }, "Try again")));
  }
}

begin();
