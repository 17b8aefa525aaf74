// The giving side of a record: totals, chart, gifts, soft credits, pledges and recurring gifts.

import { statusBadge } from "./badges.js";
import { givingChart } from "./chart.js";
import { el } from "./dom.js";
import { day, money, word } from "./words.js";

const SHOWN = 12;

export function totals({ donor }) {
  const { lifetime_giving, gift_count, first_gift_on, last_gift_on, largest_gift } = donor.rollups;
  const fact = (label, text) => el("div", {}, el("dt", {}, label), el("dd", {}, text));
  return el("dl", { class: "facts" }, fact("Lifetime giving", money(lifetime_giving)), fact("Gifts", gift_count), fact("Largest gift", money(largest_gift)), fact("First gift", day(first_gift_on)), fact("Last gift", day(last_gift_on)));
}

export const chart = ({ donor, gifts }, today) => givingChart(gifts, donor.rollups.lifetime_giving.currency, today);

export function gifts({ gifts: all, names }, fresh) {
  if (!all.length) return empty("No gift yet. Make one happen at the top of the page.");
  return long(all.map((gift) => el("tr", { class: fresh(gift.id), role: "row" },
    cell("when", day(gift.received_on)), cell("number strong", money(gift.amount)),
    cell("what", word(gift.type), el("span", { class: "sub" }, [names[gift.campaign_id], gift.fund, gift.is_anonymous && "anonymous", gift.tribute].filter(Boolean).join(" · "))),
    cell("thanked", thanks(gift, names)), cell("gift-id", el("span", { class: "id" }, gift.id)))), ["Received", "Amount", "What for", "Thanked", "Id"], "Gifts");
}

function thanks({ status, acknowledgement: { status: thanked, on, by } }, names) {
  if (status !== "completed") return statusBadge(status);
  return [statusBadge(thanked), on && el("span", { class: "sub" }, `${day(on)}${by ? ` by ${names[by] ?? by}` : ""}`)];
}

export function softCredits({ soft_credits: all, donor }) {
  return table(["Received", "Credit", "Legal donor"], all.map((gift) => {
    const own = gift.soft_credits.find((credit) => credit.donor_id === donor.id);
    return el("tr", {}, el("td", {}, day(gift.received_on)), el("td", { class: "number" }, money(own.amount)), el("td", {}, el("a", { href: `/crm/donors/${encodeURIComponent(gift.donor_id)}` }, gift.donor_id), el("span", { class: "sub" }, word(own.reason))));
  }), "Soft credits");
}

export function pledges({ pledges: all }, fresh) {
  return all.map((pledge) => {
    const paid = pledge.installments.reduce((sum, part) => sum + part.paid.minor, 0);
    const share = pledge.amount.minor ? Math.round((100 * paid) / pledge.amount.minor) : 0;
    return el("article", { class: `card ${fresh(pledge.id) ?? ""}` }, el("p", { class: "card-line" }, el("strong", {}, money(pledge.amount)), ` pledged ${day(pledge.pledged_on)} `, statusBadge(pledge.status)),
      el("progress", { max: 100, value: share, "aria-label": `${share} % paid` }), el("p", { class: "sub" }, `${money({ minor: paid, currency: pledge.amount.currency })} paid, ${share} %`),
      el("details", {}, el("summary", {}, `${pledge.installments.length} instalments`), table(["Due", "Amount", "Paid"], pledge.installments.map((part) => el("tr", {}, el("td", {}, day(part.due_on)), el("td", { class: "number" }, money(part.amount)), el("td", { class: "number" }, money(part.paid)))), "Instalments")));
  });
}

export function recurring({ recurring_gifts: all }, fresh) {
  return all.map((one) => el("article", { class: `card ${fresh(one.id) ?? ""}` }, el("p", { class: "card-line" }, el("strong", {}, money(one.amount)), ` ${word(one.frequency).toLowerCase()} since ${day(one.started_on)} `, statusBadge(one.status)),
    el("p", { class: "sub" }, [one.next_due_on && `Next on ${day(one.next_due_on)}`, one.failed_payments && `${one.failed_payments} failed payments`].filter(Boolean).join(" · "))));
}

export function table(titles, rows, label) {
  return el("div", { class: "table-frame", tabindex: 0, role: "group", "aria-label": `${label}, table` }, el("table", {}, el("thead", {}, el("tr", {}, titles.map((title) => el("th", { scope: "col" }, title)))), el("tbody", {}, rows)));
}

// The roles are spelled out because a phone lays the rows out as blocks, which would take a table's own roles away.
const cell = (kind, ...content) => el("td", { class: kind, role: "cell" }, ...content);

function long(rows, titles, label) {
  const frame = table(titles, rows.slice(0, SHOWN), label);
  frame.classList.add("foldable");
  frame.querySelector("table").setAttribute("role", "table");
  frame.querySelector("thead tr").setAttribute("role", "row");
  for (const title of frame.querySelectorAll("th")) title.setAttribute("role", "columnheader");
  if (rows.length <= SHOWN) return frame;
  const more = el("button", { type: "button", class: "button quiet", onclick: () => { frame.querySelector("tbody").append(...rows.slice(SHOWN)); more.remove(); } }, `Show all ${rows.length}`);
  return [frame, more];
}

export const empty = (text) => el("p", { class: "empty" }, text);
