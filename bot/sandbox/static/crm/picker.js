// Choose a donor by typing: a combobox with a list of suggestions, usable by keyboard alone.

import { donors } from "./api.js";
import { el, newId, show } from "./dom.js";
import { word } from "./words.js";

const PAUSE_MS = 140;

export class DonorPicker {
  #timer = 0;
  #asking = null;
  #found = [];
  #active = -1;

  constructor({ label, onChoose }) {
    this.chosen = null;
    this.onChoose = onChoose;
    const listId = newId("donors");
    this.input = el("input", {
      id: newId("donor"), type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder: "Name, e-mail or id",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": listId,
      oninput: () => this.#later(), onkeydown: (event) => this.#key(event), onfocus: () => { this.input.select(); this.#ask(""); }, onblur: () => this.#leave(),
    });
    this.list = el("ul", { id: listId, role: "listbox", class: "suggestions", "aria-label": "Donors", hidden: true });
    this.node = el("div", { class: "field picker" }, el("label", { for: this.input.id }, label), this.input, this.list);
  }

  choose(donor) {
    this.chosen = donor;
    this.input.value = donor ? donor.name : "";
    this.#close();
    this.onChoose?.(donor);
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(this.input.value), PAUSE_MS);
  }

  async #ask(search) {
    this.#asking?.abort();
    const { signal } = this.#asking = new AbortController();
    try {
      const page = await donors({ search: search.trim(), filter: search.trim() ? "" : "stories", limit: 8 }, signal);
      if (!signal.aborted && document.activeElement === this.input) this.#offer(page.items, search.trim());
    } catch (error) {
      if (error.name !== "AbortError") show(this.list, el("li", { class: "suggestion-note" }, error.message));
    }
  }

  #offer(found, search) {
    this.#found = found;
    this.#active = search && found.length ? 0 : -1;
    const none = search ? "No donor matches." : "Type a name.";
    show(this.list, found.length ? found.map((donor, at) => this.#option(donor, at)) : el("li", { class: "suggestion-note" }, none));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.#mark();
  }

  #option(donor, at) {
    const flags = donor.flags.length ? ` · ${donor.flags.join(", ")}` : "";
    return el("li", { role: "option", id: `${this.list.id}-${at}`, "aria-selected": "false", onpointerdown: (event) => { event.preventDefault(); this.choose(donor); } },
      el("span", { class: "suggestion-name" }, donor.name), el("span", { class: "suggestion-about" }, `${donor.owner_name || "No owner"} · ${word(donor.lifecycle_stage)}${flags}`));
  }

  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      if (this.list.hidden) return void this.#ask(this.input.value === this.chosen?.name ? "" : this.input.value);
      this.#active = (this.#active + steps[event.key] + this.#found.length) % (this.#found.length || 1);
      this.#mark();
    } else if (event.key === "Enter" && !this.list.hidden && this.#found[this.#active]) {
      event.preventDefault();
      this.choose(this.#found[this.#active]);
    } else if (event.key === "Escape") {
      const began = !this.list.hidden || this.input.value !== (this.chosen?.name ?? "");
      this.#close();
      if (!began) return;
      event.preventDefault();
      this.choose(this.chosen);
    }
  }

  #mark() {
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.#active)));
    const active = this.list.children[this.#active];
    if (active?.id) this.input.setAttribute("aria-activedescendant", active.id);
    else this.input.removeAttribute("aria-activedescendant");
    active?.scrollIntoView({ block: "nearest" });
  }

  #leave() {
    clearTimeout(this.#timer);
    if (this.input.value !== this.chosen?.name) this.input.value = this.chosen?.name ?? "";
    this.#close();
  }

  // What is still to be asked or answered must not open the list again.
  #close() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
