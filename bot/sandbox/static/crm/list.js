// The donor list: search, filters, and rows that link to records.

import * as api from "./api.js";
import { flagBadges } from "./badges.js";
import { el, newId, show } from "./dom.js";
import { day, money, word } from "./words.js";

const PAUSE_MS = 160;
const GROUPS = { owner: "Owner", stage: "Stage", tier: "Tier", flag: "Mark" };

export class DonorList {
  #filter = "";
  #search = "";
  #next = null;
  #timer = 0;
  #asking = null;
  #current = null;
  #filters = [];

  constructor({ state, onOpen }) {
    this.onOpen = onOpen;
    this.#filters = state.filters ?? [];
    const searchId = newId("search");
    this.input = el("input", { id: searchId, type: "search", placeholder: "Name, e-mail or id", autocomplete: "off", spellcheck: "false", oninput: () => this.#later(), onkeydown: (event) => this.#enter(event) });
    this.count = el("p", { class: "list-count", role: "status" });
    this.rows = el("ul", { class: "rows", "aria-label": "Donors" });
    this.more = el("button", { type: "button", class: "button", hidden: true, onclick: () => this.#load({ isMore: true }) }, "Show more");
    this.node = el("section", { class: "list", "aria-label": "Donor list" },
      el("div", { class: "list-head" }, el("div", { class: "field" }, el("label", { for: searchId }, "Search donors"), this.input), this.#filterBar(this.#filters), this.count), this.rows, this.more);
    this.#load();
  }

  mark(donorId) {
    this.#current = donorId;
    for (const link of this.rows.querySelectorAll("a")) {
      if (link.dataset.id === donorId) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  async refresh() {
    await this.#load({ isQuiet: true });
  }

  #filterBar(filters) {
    const group = newId("filter");
    const chip = ({ id, label }) => el("label", { class: "chip" }, el("input", { type: "radio", name: group, value: id, checked: id === this.#filter, onchange: () => this.#choose(id) }), el("span", {}, label));
    const general = filters.filter(({ id }) => !id.includes(":"));
    return el("div", { class: "filters" }, el("fieldset", { class: "chips" }, el("legend", { class: "visually-hidden" }, "Filter"), [{ id: "", label: "All" }, ...general].map(chip)),
      el("div", { class: "filter-selects" }, Object.entries(GROUPS).map(([prefix, label]) => this.#filterSelect(filters.filter(({ id }) => id.startsWith(`${prefix}:`)), label))));
  }

  #filterSelect(filters, label) {
    if (!filters.length) return null;
    const id = newId("filter");
    const select = el("select", { id, class: "filter-select", onchange: () => this.#choose(select.value, select) }, el("option", { value: "" }, "Any"), filters.map((one) => el("option", { value: one.id }, one.label)));
    return el("div", { class: "field field-inline" }, el("label", { for: id }, label), select);
  }

  // The CRM takes one filter at a time: choosing one sets the others back.
  #choose(id, from) {
    this.#filter = id;
    for (const select of this.node.querySelectorAll(".filter-select")) if (select !== from) select.value = "";
    for (const radio of this.node.querySelectorAll(".filters input")) radio.checked = radio.value === (from && id ? null : id);
    this.#load();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { this.#search = this.input.value.trim(); this.#load(); }, PAUSE_MS);
  }

  #enter(event) {
    if (event.key !== "Enter") return;
    const first = this.rows.querySelector("a");
    if (first && this.#search === this.input.value.trim()) this.onOpen(first.dataset.id);
  }

  async #load({ isMore = false, isQuiet = false } = {}) {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const shown = this.rows.children.length;
    const wanted = { search: this.#search, filter: this.#filter, cursor: isMore ? this.#next : "", limit: isQuiet ? Math.min(500, Math.max(50, shown)) : 50 };
    try {
      const page = await api.donors(wanted, this.#asking.signal);
      const rows = page.items.map((row) => this.#row(row));
      if (isMore) this.rows.append(...rows);
      else this.#swap(rows);
      this.#next = page.next;
      this.more.hidden = !page.next;
      this.count.textContent = this.#counted(page.total);
      this.mark(this.#current);
    } catch (error) {
      if (error.name !== "AbortError") this.count.textContent = error.message;
    }
  }

  #swap(rows) {
    const focused = document.activeElement?.closest?.(".rows a")?.dataset.id;
    show(this.rows, rows);
    if (focused) this.rows.querySelector(`a[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  #counted(total) {
    if (total === 0) return this.#search ? "No donor matches. Search finds words of a name in any order, a whole e-mail address or an id." : "No donor has this filter.";
    return total === 1 ? "1 donor" : `${total.toLocaleString("en-US")} donors`;
  }

  #row(donor) {
    return el("li", {}, el("a", { href: `/crm/donors/${encodeURIComponent(donor.id)}`, "data-id": donor.id },
      el("span", { class: "row-top" }, el("span", { class: "row-name" }, donor.name), el("span", { class: "row-giving" }, money(donor.lifetime_giving, { short: true }))),
      el("span", { class: "row-about" }, el("span", {}, `${word(donor.lifecycle_stage)} · ${donor.owner_name || "No owner"}`), el("span", {}, donor.last_gift_on ? day(donor.last_gift_on) : "No gift yet")),
      (donor.flags.length > 0 || donor.story_id) && el("span", { class: "row-flags" }, donor.story_id && el("span", { class: "badge tone-accent" }, "Worth watching"), flagBadges(donor.flags))));
  }
}
