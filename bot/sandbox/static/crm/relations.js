// The people side of a record: consents, household, tasks, timeline, change history and events.

import { statusBadge } from "./badges.js";
import { el } from "./dom.js";
import { empty, table } from "./giving.js";
import { EVENTS, day, delivery, moment, value, word } from "./words.js";

const SHOWN = 10;

export function consents({ consents: all }, fresh) {
  if (!all.length) return empty("Nothing is recorded, so nothing is known to be allowed.");
  return table(["Channel", "Status", "Purpose", "Recorded"], all.map((one) => el("tr", { class: fresh(one.id) },
    el("td", { class: "strong" }, word(one.channel)), el("td", {}, statusBadge(one.status)), el("td", {}, word(one.purpose)),
    el("td", {}, day(one.captured_on), el("span", { class: "sub" }, `${one.source} · ${one.jurisdiction}${one.expires_on ? ` · until ${day(one.expires_on)}` : ""}`)))), "Consents");
}

export function household({ household: home, household_members: members, donor }) {
  if (!home) return null;
  return [el("p", { class: "strong" }, home.name), el("ul", { class: "plain" }, members.filter(({ id }) => id !== donor.id).map((one) => el("li", {}, el("a", { href: `/crm/donors/${encodeURIComponent(one.id)}` }, one.name))))];
}

export function tasks({ tasks: all, names }, fresh) {
  if (!all.length) return empty("No task. Approved proposals appear here.");
  return all.map((task) => el("article", { class: `card ${fresh(task.id) ?? ""}` }, el("p", { class: "card-line" }, el("strong", {}, task.title), " ", statusBadge(task.status)),
    el("p", { class: "sub" }, `${word(task.kind)} · due ${day(task.due_on)} · ${names[task.assignee_id] ?? task.assignee_id}`), task.details && el("p", { class: "prose" }, task.details), el("p", { class: "sub" }, `Created by ${who(task.created_by, names)}`)));
}

export function timeline({ interactions, notes, names }, fresh) {
  const entries = [...interactions.map((one) => contact(one, names)), ...notes.map((one) => note(one, names))].sort((a, b) => (a.at < b.at ? 1 : -1));
  if (!entries.length) return empty("Nobody has been in touch yet.");
  const line = (entry) => el("li", { class: fresh(entry.id) }, el("p", { class: "entry-head" }, el("strong", {}, entry.title), entry.badges, el("time", { datetime: entry.at, title: entry.at }, moment(entry.at))),
    entry.subject && el("p", { class: "entry-subject" }, entry.subject), entry.text && el("p", { class: "prose" }, entry.text), entry.by && el("p", { class: "sub" }, entry.by));
  return folded(entries.map(line), (lines) => el("ol", { class: "timeline" }, lines));
}

function contact(one, names) {
  const badges = [one.status !== "completed" && statusBadge(one.status), one.is_ask && el("span", { class: "badge tone-accent" }, "Ask")];
  return { id: one.id, at: one.at, title: `${word(one.kind)}${one.direction === "inbound" ? " from the donor" : ""}`, badges, subject: one.subject, text: one.body, by: names[one.staff_id] };
}

function note(one, names) {
  const badges = [one.external_author && el("span", { class: "badge tone-warn" }, "Written outside the staff"), one.category !== "general" && el("span", { class: "badge tone-idle" }, word(one.category))];
  return { id: one.id, at: one.written_at, title: "Note", badges, text: one.text, by: names[one.author_id] };
}

export function changes({ changes: all, names }, fresh) {
  if (!all.length) return empty("Nothing has changed yet. When a proposal is approved, what changed stands here with who approved it.");
  return folded(all.map((one) => el("li", { class: fresh(one.id) },
    el("p", { class: "entry-head" }, el("strong", {}, word(one.field)), el("time", { datetime: one.at }, moment(one.at))),
    el("p", { class: "change" }, el("del", {}, el("span", { class: "visually-hidden" }, "from "), value(one.before, names)), el("span", { class: "arrow", "aria-hidden": "true" }, "→"), el("ins", {}, el("span", { class: "visually-hidden" }, "to "), value(one.after, names))),
    el("p", { class: "sub" }, `By ${who(one.by, names)}`, one.record_id && el("span", { class: "id" }, ` ${one.record_id}`)))), (lines) => el("ol", { class: "timeline" }, lines));
}

export function events({ events: all }, fresh) {
  if (!all.length) return null;
  return folded(all.map((one) => {
    const { tone, text } = delivery(one.delivery);
    return el("li", { class: fresh(one.id) }, el("p", { class: "entry-head" }, el("strong", {}, EVENTS[one.type] ?? one.type), el("time", { datetime: one.time }, moment(one.time))), el("p", {}, el("span", { class: `delivery tone-${tone}` }, text)));
  }), (lines) => el("ol", { class: "timeline" }, lines), 5);
}

const who = (by, names) => names[by] ?? (by === "crm-page" ? "somebody in the simulated CRM" : by);

function folded(lines, wrap, shown = SHOWN) {
  const list = wrap(lines.slice(0, shown));
  if (lines.length <= shown) return list;
  const more = el("button", { type: "button", class: "button quiet", onclick: () => { list.append(...lines.slice(shown)); more.remove(); } }, `Show all ${lines.length}`);
  return [list, more];
}
