// Switches that break the CRM, Slack and the model; those of a system that is not there are not shown.

import * as api from "./api.js";
import { el, newId, say, show } from "./dom.js";
import { SWITCHES } from "./happenings.js";

const FIRST_OF_CRM = 4;

export class Switchboard {
  #set = {};
  #buttons = [];

  constructor({ live, faults }) {
    this.#set.crm = faults;
    this.problem = el("p", { class: "problem", role: "alert", hidden: true });
    this.summary = el("span", {});
    this.groups = el("div", { class: "switch-groups" });
    this.reset = el("button", { type: "button", class: "button", onclick: () => this.#healAll() }, "Put everything back");
    this.node = el("details", { class: "break" }, el("summary", {}, el("span", { class: "break-title" }, "Break something"), this.summary),
      el("p", { class: "watch" }, "Switch something off and go on working. Each switch says what to watch for."), this.groups, this.problem, this.reset);
    live.on("fault", (now) => this.#now("crm", now)).on("gap", () => this.#ask());
    this.#draw();
    this.#ask();
  }

  async #ask() {
    for (const system of ["slack", "model"]) {
      try {
        this.#set[system] = await api.switches(system, {});
      } catch {
        delete this.#set[system];
      }
    }
    this.#draw();
  }

  #draw() {
    this.#buttons = [];
    show(this.groups, Object.entries(SWITCHES).filter(([system]) => this.#set[system]).map(([system, about]) => this.#group(system, about)));
    this.#mark();
  }

  #group(system, { title, switches }) {
    const known = switches.filter(({ key }) => key in this.#set[system]);
    const [first, more] = system === "crm" ? [known.slice(0, FIRST_OF_CRM), known.slice(FIRST_OF_CRM)] : [known, []];
    const heading = newId("group");
    const lines = (some) => el("div", { class: "switch-lines" }, some.map((one) => this.#switch(system, one)));
    return el("section", { class: "switch-group", "aria-labelledby": heading }, el("h3", { id: heading }, title), lines(first),
      more.length > 0 && el("details", { class: "more-switches" }, el("summary", {}, `${more.length} more ways to break it`), lines(more)));
  }

  #switch(system, one) {
    const [label, watch] = [newId("switch"), newId("watch")];
    const button = el("button", { type: "button", class: "switch", role: "switch", "aria-checked": "false", "aria-labelledby": label, "aria-describedby": watch, onclick: () => this.#flip(system, one) }, el("span", { class: "switch-knob" }));
    this.#buttons.push({ system, key: one.key, button });
    return el("div", { class: "switch-line" }, button, el("div", {}, el("span", { id: label, class: "switch-label" }, one.label), el("span", { id: watch, class: "switch-watch" }, one.watch)));
  }

  #flip(system, one) {
    const isOn = Boolean(this.#set[system][one.key]);
    this.#change(system, { [one.key]: isOn ? off(one.on) : one.on }, isOn ? `${one.label}: off.` : `${one.label}: on. Watch for: ${one.watch}`);
  }

  async #healAll() {
    for (const system of Object.keys(this.#set)) {
      const healthy = Object.fromEntries(SWITCHES[system].switches.filter(({ key }) => key in this.#set[system]).map(({ key, on }) => [key, off(on)]));
      await this.#change(system, healthy, "Everything works again.");
    }
  }

  async #change(system, changes, done) {
    this.problem.hidden = true;
    try {
      this.#now(system, await api.switches(system, changes));
      say(done);
    } catch (error) {
      this.problem.textContent = error.message;
      this.problem.hidden = false;
    }
  }

  #now(system, settings) {
    this.#set[system] = settings;
    this.#mark();
  }

  #mark() {
    for (const { system, key, button } of this.#buttons) button.setAttribute("aria-checked", String(Boolean(this.#set[system]?.[key])));
    const broken = this.#buttons.filter(({ system, key }) => this.#set[system]?.[key]).length;
    this.summary.className = broken ? "badge tone-bad" : "badge tone-good";
    this.summary.textContent = broken ? `${broken} broken` : "All well";
    this.reset.hidden = broken === 0;
  }
}

const off = (on) => (typeof on === "number" ? 0 : false);
