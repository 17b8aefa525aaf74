// The app's place: Home, Messages and About tabs.

import { keepFocus } from "./a11y.js";
import { appMark } from "./icons.js";
import { Form } from "./form.js";
import { h, replace } from "./dom.js";
import { renderBlocks } from "./blocks/index.js";

export const TABS = [["home", "Home"], ["messages", "Messages"], ["about", "About"]];

export function tabBar(app, active) {
  const bar = h("div", { class: "tabs", role: "tablist", "aria-label": "App" }, TABS.map(([id, label]) => h("button", {
    class: "tab", type: "button", role: "tab", id: `tab-${id}`, "aria-selected": String(id === active), tabindex: id === active ? "0" : "-1", onclick: () => app.openApp(id),
  }, label)));
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = TABS.findIndex(([id]) => id === active);
    app.openApp(TABS[(index + step + TABS.length) % TABS.length][0], { focusTab: true });
  });
  return bar;
}

export class HomeView {
  constructor(app) {
    this.app = app;
    this.form = new Form();
    this.node = h("div", { class: "home scroller", role: "tabpanel", "aria-labelledby": "tab-home", tabindex: "-1" }, h("p", { class: "empty-note" }, "Opening…"));
  }

  update() {
    const view = this.app.store.home;
    const name = this.app.store.bot?.real_name ?? "The app";
    const top = this.node.scrollTop;
    if (view === undefined) return;
    if (!view) {
      replace(this.node, h("div", { class: "empty" }, appMark(56), h("h3", {}, `${name} has not prepared a Home tab yet`), h("p", {}, "It appears here by itself as soon as the app publishes it.")));
      return;
    }
    this.form = new Form(this.form.values());
    const ctx = this.app.context({ surface: "home", form: this.form, target: { view_id: view.id } });
    keepFocus(this.node, () => replace(this.node, h("div", { class: "home-page" }, renderBlocks(view.blocks, ctx))));
    this.node.scrollTop = top;
  }
}

export function aboutTab(app) {
  const { bot, commands, team } = app.store;
  return h("div", { class: "home scroller", role: "tabpanel", "aria-labelledby": "tab-about", tabindex: "-1" }, h("div", { class: "home-page about" },
    h("div", { class: "about-head" }, appMark(64), h("div", {}, h("h3", {}, bot?.real_name ?? "App"), h("p", {}, bot?.title || "App in this workspace"))),
    h("p", {}, `This is a simulated Slack workspace of ${team.name}, a fictional organisation. The app talks to it over the same web API and socket as to Slack; nothing you do here leaves this machine.`),
    commands.length ? [h("h4", {}, "Slash commands"), h("dl", { class: "commands" }, commands.map((c) => [
      h("dt", {}, h("code", { class: "code" }, c.command), " ", h("span", { class: "usage-hint" }, c.usage_hint)), h("dd", {}, c.description)]))] : null));
}
