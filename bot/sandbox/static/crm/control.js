// The control strip: make something happen to a donor, and break the systems around the bot.

import * as api from "./api.js";
import { el, newId, say, show } from "./dom.js";
import { HAPPENINGS } from "./happenings.js";
import { DonorPicker } from "./picker.js";
import { Switchboard } from "./switchboard.js";
import { ago, delivery } from "./words.js";

const KEPT = 6;

export class ControlStrip {
  #chosen = HAPPENINGS[0];
  #fields = {};
  #happened = [];
  #deliveries = new Map();

  constructor({ live, state, linkTarget = null }) {
    this.linkTarget = linkTarget;
    this.campaigns = state.campaigns;
    this.picker = new DonorPicker({ label: "To whom", onChoose: () => this.#tell("") });
    this.form = el("form", { class: "happen", novalidate: true, onsubmit: (event) => { event.preventDefault(); this.#happen(); } });
    this.problem = el("p", { class: "problem", role: "alert", hidden: true });
    this.log = el("ol", { class: "happened", "aria-label": "What happened" });
    this.switchboard = new Switchboard({ live, faults: state.faults });
    this.node = el("div", { class: "control" },
      el("section", { class: "control-happen", "aria-label": "Make something happen" }, this.form, this.problem, this.log), this.switchboard.node);
    this.#draw();
    live.on("event_delivered", (told) => this.#delivered(told)).on("change", (change) => this.#changed(change));
    this.#suggest(state);
  }

  aim(donor) {
    if (donor && this.picker.chosen?.id !== donor.id) this.picker.choose({ id: donor.id, name: donor.name });
  }

  async #suggest(state) {
    const story = state.stories.find((one) => one.donor_name);
    if (story) return this.picker.choose({ id: story.donor_id, name: story.donor_name });
    const page = await api.donors({ limit: 1 }).catch(() => ({ items: [] }));
    // Whoever began to type meanwhile knows better.
    if (!this.picker.chosen && !this.picker.input.value && page.items[0]) this.picker.choose(page.items[0]);
  }

  #draw() {
    const group = newId("what");
    const choices = HAPPENINGS.map((one) => el("label", { class: "chip" },
      el("input", { type: "radio", name: group, value: one.what, checked: one === this.#chosen, onchange: () => { this.#chosen = one; this.#drawFields(); } }), el("span", {}, one.label)));
    this.asked = el("div", { class: "happen-fields" });
    this.watch = el("p", { class: "watch" });
    this.button = el("button", { type: "submit", class: "button primary" });
    show(this.form, el("fieldset", { class: "chips" }, el("legend", {}, "What happens"), choices), el("div", { class: "happen-row" }, this.picker.node, this.asked, this.button), this.watch);
    this.#drawFields();
  }

  #drawFields() {
    this.#fields = {};
    this.picker.node.hidden = Boolean(this.#chosen.withoutDonor);
    this.button.textContent = this.#chosen.button;
    show(this.watch, el("strong", {}, "Watch for: "), this.#chosen.watch);
    show(this.asked, this.#chosen.fields.map((name) => this.#field(name)));
  }

  #field(name) {
    const id = newId(name);
    const field = (label, input) => { this.#fields[name] = input; return el("div", { class: `field field-${name}` }, el("label", { for: id }, label), input); };
    switch (name) {
      case "amount": return field("Amount", el("input", { id, inputmode: "decimal", autocomplete: "off", placeholder: "As usual" }));
      case "text": return field("Words", el("textarea", { id, rows: 1, placeholder: this.#chosen.hint }));
      case "campaign": return field("Campaign", el("select", { id }, el("option", { value: "" }, "The current one"), this.#options(() => true)));
      case "paused": return field("Campaign", el("select", { id }, this.#options((one) => one.status === "active" || one.status === "paused")));
      case "external": {
        const box = el("input", { id, type: "checkbox" });
        this.#fields.external = box;
        return el("div", { class: "field field-check" }, box, el("label", { for: id }, "Written by somebody outside the staff"));
      }
    }
  }

  #options(wanted) {
    return this.campaigns.filter(wanted).map((one) => el("option", { value: one.id }, one.status === "active" ? one.name : `${one.name} (${one.status})`));
  }

  #wish() {
    const { amount, text, campaign, paused, external } = this.#fields;
    const wish = { what: this.#chosen.what };
    if (!this.#chosen.withoutDonor) {
      if (!this.picker.chosen) throw new Error("Choose a donor first.");
      wish.donor_id = this.picker.chosen.id;
    }
    if (amount?.value.trim()) wish.amount_minor = minorUnits(amount.value);
    if (text?.value.trim()) wish.text = text.value.trim();
    if (campaign?.value || paused?.value) wish.campaign_id = campaign?.value || paused.value;
    if (external?.checked) wish.external = true;
    return wish;
  }

  async #happen() {
    this.button.disabled = true;
    this.#tell("");
    try {
      const happened = await api.happen(this.#wish());
      this.#happened = [{ ...happened, at: new Date().toISOString() }, ...this.#happened].slice(0, KEPT);
      this.#drawLog();
      say(happened.summary);
      for (const name of ["amount", "text"]) if (this.#fields[name]) this.#fields[name].value = "";
    } catch (error) {
      this.#tell(error.message);
    } finally {
      this.button.disabled = false;
    }
  }

  #tell(problem) {
    this.problem.textContent = problem;
    this.problem.hidden = !problem;
  }

  #delivered(told) {
    this.#deliveries.set(told.event_id, told);
    if (this.#happened.some((one) => one.event_ids.includes(told.event_id))) this.#drawLog();
  }

  async #changed(change) {
    if (change.kind !== "Campaign") return;
    this.campaigns = (await api.state()).campaigns;
    for (const name of ["campaign", "paused"]) this.#refresh(this.#fields[name], name);
  }

  #refresh(select, name) {
    if (!select) return;
    const { value } = select;
    select.replaceChildren(...this.#field(name).querySelector("select").children);
    this.#fields[name] = select;
    select.value = value;
  }

  #drawLog() {
    show(this.log, this.#happened.map((one, at) => this.#line(one, at === 0)));
  }

  #line(one, isNewest) {
    const sent = one.event_ids.map((id) => delivery(this.#deliveries.get(id) ?? { status: "pending", attempts: 0 }));
    const link = one.donor_id && el("a", { href: `/crm/donors/${encodeURIComponent(one.donor_id)}`, target: this.linkTarget, rel: this.linkTarget && "noopener" }, "Open the record");
    return el("li", { class: isNewest ? "is-newest" : null }, el("span", { class: "happened-what" }, one.summary, " "), link,
      sent.map(({ tone, text }) => el("span", { class: `delivery tone-${tone}` }, text)), el("time", { datetime: one.at }, ago(one.at)));
  }
}

function minorUnits(text) {
  const plain = text.replace(/[\s$€£]/g, "").replace(/,(?=\d{3}(\D|$))/g, "").replace(",", ".");
  const amount = Number(plain);
  if (!plain || !Number.isFinite(amount) || amount <= 0) throw new Error("The amount is not a number above zero.");
  return Math.round(amount * 100);
}
