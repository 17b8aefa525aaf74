// The side bar: channels, direct messages, the app, and who is looking.

import { avatar } from "./avatar.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { openList } from "./popover.js";
import { keepFocus, rovingFocus } from "./a11y.js";

export const ROLES = {
  fundraiser: "Fundraiser", owner: "Relationship manager", manager: "Manager", compliance: "Compliance", admin: "Operations", guest: "Guest", external: "Slack Connect",
};

export class Sidebar {
  constructor(app) {
    this.app = app;
    this.places = h("div", { class: "places" });
    this.persona = this.#persona();
    this.node = h("nav", { class: "sidebar", "aria-label": "Workspace", id: "sidebar" }, this.#head(), this.places, this.#foot());
    rovingFocus(this.places, ".place");
    this.update();
  }

  #head() {
    return h("div", { class: "workspace" }, h("div", { class: "workspace-name" }, this.app.store.team.name), h("div", { class: "workspace-sub" }, "Simulated workspace"),
      h("button", { class: "tool sidebar-close", type: "button", "aria-label": "Close the side bar", onclick: () => this.app.toggleSidebar(false) }, icon("close")));
  }

  #foot() {
    this.controls = h("button", { class: "foot-link", type: "button", hidden: true, "aria-pressed": "false", onclick: () => this.app.controls.toggle() }, icon("sliders", { size: 18 }), "Demo controls");
    return h("div", { class: "sidebar-foot" },
      h("div", { class: "foot-links" }, this.controls, h("a", { class: "foot-link", href: "/crm", target: "_blank", rel: "noopener" }, icon("ledger", { size: 18 }), "Open the CRM")),
      this.persona);
  }

  #persona() {
    const { me } = this.app.store;
    const node = h("button", { class: "persona", type: "button", "aria-haspopup": "listbox", "aria-expanded": "false", "aria-label": `You are ${me.real_name}, ${me.title}. Switch person` },
      avatar(me, 38), h("span", { class: "persona-text" }, h("span", { class: "persona-name" }, me.real_name), h("span", { class: "persona-title" }, me.title)), icon("sort", { size: 16 }));
    node.addEventListener("click", () => openList(node, {
      label: "People", minWidth: 300, filter: false, selected: new Set([me.id]),
      groups: [{ label: "Look at the workspace as", options: this.app.personas().map((u) => ({
        id: u.id, label: u.real_name, lead: avatar(u, 32), hint: [ROLES[u.role] ?? u.role, u.title].filter(Boolean).join(" · "),
      })) }],
      onChoose: ({ id }) => this.app.switchPersona(id),
    }));
    return node;
  }

  update() {
    const all = [...this.app.store.channels.values()].filter((c) => c.is_member !== false || c.id === this.app.store.current?.channel);
    const bot = this.app.store.bot;
    const rooms = all.filter((c) => c.kind !== "im");
    const direct = all.filter((c) => c.kind === "im" && c.peer?.id !== bot?.id);
    keepFocus(this.places, () => replace(this.places,
      this.#group("Channels", rooms.filter((c) => c.kind === "channel").map((c) => this.#channel(c))),
      this.#group("Private channels", rooms.filter((c) => c.kind === "private").map((c) => this.#channel(c))),
      this.#group("Direct messages", direct.map((c) => this.#direct(c))),
      bot ? this.#group("Apps", [this.#app(bot)]) : null));
    const active = this.places.querySelector("[aria-current]") ?? this.places.querySelector(".place");
    for (const node of this.places.querySelectorAll(".place")) node.setAttribute("tabindex", node === active ? "0" : "-1");
  }

  #group(title, rows) {
    return rows.length ? h("section", { class: "place-group" }, h("h2", {}, title), h("ul", {}, rows.map((row) => h("li", {}, row)))) : null;
  }

  #channel(channel) {
    const shape = channel.kind === "private" ? "lock" : "hash";
    const shared = channel.is_ext_shared ? h("span", { class: "place-shared", title: "Shared with another organisation" }, icon("shared", { size: 15, label: "shared with another organisation" })) : null;
    return this.#place(channel, h("span", { class: "place-icon" }, icon(shape, { size: 17 })), channel.name, shared, () => this.app.openChannel(channel.id));
  }

  #direct(channel) {
    return this.#place(channel, avatar(channel.peer, 22), channel.peer?.real_name ?? channel.name, null, () => this.app.openChannel(channel.id));
  }

  #app(bot) {
    const channel = this.app.botChannel();
    const place = this.#place(channel ?? { id: "app", unread: 0 }, avatar(bot, 22), bot.real_name, null, () => this.app.openApp());
    const current = this.app.store.current?.kind === "app" || (channel && this.app.store.current?.channel === channel.id);
    place.toggleAttribute("aria-current", Boolean(current));
    if (current) place.setAttribute("aria-current", "page");
    return place;
  }

  #place(channel, lead, name, extra, onclick) {
    const current = this.app.store.current;
    const isCurrent = current?.channel === channel.id && current.kind === "channel";
    const unread = isCurrent && document.visibilityState === "visible" ? 0 : channel.unread ?? 0;
    return h("button", {
      class: `place${unread ? " unread" : ""}`, type: "button", "aria-current": isCurrent ? "page" : null, dataset: { focus: `place/${channel.id}`, channel: channel.id }, onclick,
    }, lead, h("span", { class: "place-name" }, name), extra, unread ? h("span", { class: "badge", "aria-label": `${unread} unread` }, unread > 99 ? "99+" : String(unread)) : null);
  }
}
