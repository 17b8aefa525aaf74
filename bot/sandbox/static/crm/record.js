// One donor's record: drawn in sections, each redrawn only when what it shows has changed.

import * as api from "./api.js";
import { flagBadges } from "./badges.js";
import { el, newId, say, show } from "./dom.js";
import * as giving from "./giving.js";
import * as relations from "./relations.js";
import { day, value, word } from "./words.js";

const STAGES = ["acquisition", "qualification", "cultivation", "solicitation", "stewardship", "retention", "reactivation"];
const LISTS = ["gifts", "pledges", "recurring_gifts", "interactions", "notes", "tasks", "consents", "changes", "events"];
const PAUSE_MS = 120;
const FRESH_MS = 8000;

export class RecordPage {
  #document = null;
  #sections = new Map();
  #timer = 0;
  #freshUntil = new Map();

  // `at` is the id of one gift, pledge, task … in the record, as a link to that very one names it.
  constructor({ id, today, at, onLoaded }) {
    this.id = id;
    this.at = at;
    if (at) this.#freshUntil.set(at, Infinity);
    this.today = today;
    this.onLoaded = onLoaded;
    this.head = el("header", { class: "record-head" });
    this.left = el("div", { class: "record-column" });
    this.right = el("div", { class: "record-column" });
    this.node = el("article", { class: "record", "aria-busy": "true" }, el("p", { class: "boot-note" }, "Opening the record…"));
  }

  async open() {
    try {
      const found = await api.donor(this.id);
      show(this.node, this.head, el("div", { class: "record-columns" }, this.left, this.right));
      this.#draw(found, null);
      this.onLoaded(found.donor);
      if (this.at) this.#showIt();
    } catch (error) {
      const text = error.status === 404 ? "There is no donor with this id." : error.message;
      show(this.node, el("div", { class: "notice" }, el("h1", {}, "No record"), el("p", {}, text), el("a", { href: "/crm" }, "Back to the donors")));
    }
    this.node.setAttribute("aria-busy", "false");
  }

  #showIt() {
    const it = () => this.node.querySelector(".is-fresh");
    if (!it()) for (const more of this.node.querySelectorAll("button.quiet")) more.click();
    it()?.scrollIntoView({ block: "center" });
  }

  concerns(change) {
    return change.donor_id === this.id || (change.kind === "Household" && change.record_id === this.#document?.household?.id);
  }

  refreshSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#refresh(), PAUSE_MS);
  }

  close() {
    clearTimeout(this.#timer);
  }

  async #refresh() {
    if (!this.#document) return;
    try {
      const found = await api.donor(this.id);
      const before = this.#document;
      this.#draw(found, before);
      this.#announce(found, before);
    } catch {
      // The next event or a reconnect brings it up to date.
    }
  }

  #announce(found, before) {
    const known = new Set(before.changes.map(({ id }) => id));
    const added = found.changes.filter(({ id }) => !known.has(id));
    for (const one of added) say(`${word(one.field)} changed from ${value(one.before, found.names)} to ${value(one.after, found.names)}.`);
    if (!added.length && found.gifts.length > before.gifts.length) say("A gift was added.");
  }

  #draw(found, before) {
    if (before) this.#notice(found, before);
    const fresh = (key) => (this.#freshUntil.get(key) > Date.now() ? "is-fresh" : null);
    this.#document = found;
    this.#section(this.head, "head", "", [found.donor, found.story, found.owner], () => this.#identity(found, fresh));
    this.#section(this.left, "giving", "Giving", [found.donor.rollups, found.gifts], () => [giving.totals(found), giving.chart(found, this.today), giving.gifts(found, fresh)]);
    this.#section(this.left, "pledges", "Pledges", found.pledges, () => found.pledges.length && giving.pledges(found, fresh));
    this.#section(this.left, "recurring", "Recurring gifts", found.recurring_gifts, () => found.recurring_gifts.length && giving.recurring(found, fresh));
    this.#section(this.left, "soft", "Soft credits", found.soft_credits, () => found.soft_credits.length && giving.softCredits(found));
    this.#section(this.left, "changes", "Change history", found.changes, () => relations.changes(found, fresh));
    this.#section(this.left, "events", "Events sent to the bot", found.events, () => relations.events(found, fresh));
    this.#section(this.right, "tasks", "Tasks", found.tasks, () => relations.tasks(found, fresh));
    this.#section(this.right, "timeline", "Interactions and notes", [found.interactions, found.notes], () => relations.timeline(found, fresh));
    this.#section(this.right, "consents", "Consents", found.consents, () => relations.consents(found, fresh));
    this.#section(this.right, "household", "Household", [found.household, found.household_members.map(({ id, name }) => [id, name])], () => relations.household(found));
  }

  // A mark outlasts the redraws that follow at once, such as "event sent" and "event delivered".
  #notice(found, before) {
    const known = new Set(LISTS.flatMap((list) => before[list].map(({ id }) => id)));
    const added = LISTS.flatMap((list) => found[list].map(({ id }) => id)).filter((id) => !known.has(id));
    const moved = Object.keys(found.donor).filter((name) => JSON.stringify(found.donor[name]) !== JSON.stringify(before.donor[name]));
    const flags = found.donor.flags.filter((flag) => !before.donor.flags.includes(flag));
    for (const key of [...added, ...moved, ...flags]) this.#freshUntil.set(key, Date.now() + FRESH_MS);
  }

  #section(column, key, title, shown, draw) {
    const print = JSON.stringify(shown);
    const old = this.#sections.get(key);
    if (old?.print === print) return;
    const drawn = draw();
    if (!title) {
      show(column, drawn);
      this.#sections.set(key, { print, node: column });
      return;
    }
    const heading = newId(key);
    const node = el("section", { class: "panel", "aria-labelledby": heading, "data-section": key, hidden: !drawn }, el("h2", { id: heading }, title), drawn || null);
    if (old) old.node.replaceWith(node);
    else column.append(node);
    this.#sections.set(key, { print, node });
  }

  #identity({ donor, story, owner, names }, fresh) {
    const fact = (label, text, name) => text && el("div", { class: fresh(name) }, el("dt", {}, label), el("dd", {}, text));
    return [
      el("div", { class: "record-title" }, el("h1", { tabindex: -1 }, donor.name), el("span", { class: "id" }, `${donor.id} · ${donor.version}`)),
      el("p", { class: "flags" }, flagBadges(donor.flags, fresh), donor.tier && el("span", { class: "badge tone-accent" }, word(donor.tier)), el("span", { class: "badge tone-idle" }, word(donor.type)),
        donor.tags.map((tag) => el("span", { class: `badge tone-plain ${fresh("tags") ?? ""}` }, tag)), donor.segments.map((one) => el("span", { class: `badge tone-plain ${fresh("segments") ?? ""}` }, one))),
      donor.merged_into && el("p", { class: "notice" }, "This record was merged. ", el("a", { href: `/crm/donors/${encodeURIComponent(donor.merged_into)}` }, "Open the one that lives on.")),
      story && el("div", { class: "story" }, el("p", { class: "story-title" }, el("span", { class: "badge tone-accent" }, "Worth watching"), " ", story.title), el("p", {}, story.what_to_try)),
      el("ol", { class: `stages ${fresh("lifecycle_stage") ?? ""}`, "aria-label": "Lifecycle stage" }, STAGES.map((stage) => el("li", { "aria-current": stage === donor.lifecycle_stage ? "step" : null }, word(stage)))),
      el("dl", { class: "facts identity" }, fact("Owner", owner ? `${owner.name}${owner.active ? "" : " (left)"}` : names[donor.owner_id] ?? "Nobody", "owner_id"), fact("E-mail", donor.email, "email"), fact("Phone", donor.phone, "phone"),
        fact("Place", [donor.city, donor.country].filter(Boolean).join(", "), "city"), fact("Salutation", donor.salutation, "salutation"), fact("Data", donor.processing_region === "eu_only" ? "Processed in the EU only" : null, "processing_region"),
        fact("Died", donor.deceased_on && day(donor.deceased_on), "deceased_on")),
    ];
  }
}
