// What stands beside the list when no record is open: donors worth watching, and the campaigns.

import { statusBadge } from "./badges.js";
import { el } from "./dom.js";
import { day, money } from "./words.js";

export function stories({ stories: all, counts, webhook }) {
  const cards = all.map((story) => el("li", {}, el("a", { class: "story-card", href: `/crm/donors/${encodeURIComponent(story.donor_id)}` },
    el("span", { class: "story-donor" }, story.donor_name ?? story.donor_id), el("strong", {}, story.title), el("span", {}, story.what_to_try))));
  return el("section", { class: "home", "aria-labelledby": "stories-title" }, el("h1", { id: "stories-title", tabindex: -1 }, "Worth watching"),
    el("p", { class: "lead" }, cards.length ? "Each of these donors shows something. Open one, try what it says, and watch Slack." : "These donors are your own import. Open a record, make something happen at the top, and watch Slack."),
    el("ul", { class: "story-cards" }, cards), el("p", { class: "sub" }, `This simulated CRM holds ${number(counts.donors)} donors, ${number(counts.gifts)} gifts and ${number(counts.interactions)} interactions.`),
    !webhook.configured && el("p", { class: "notice" }, "No bot is connected: events are kept until one asks for them."));
}

export function campaigns({ campaigns: all }) {
  return el("section", { class: "home", "aria-labelledby": "campaigns-title" }, el("h1", { id: "campaigns-title", tabindex: -1 }, "Campaigns"),
    all.length ? el("ul", { class: "campaigns" }, [...all].sort(mostCurrentFirst).map(campaign)) : el("p", { class: "empty" }, "There is no campaign."));
}

const ORDER = ["active", "paused", "planned", "completed", "cancelled"];
const RUNNING = 2;

function mostCurrentFirst(a, b) {
  const [left, right] = [a, b].map(({ status }) => Math.min(ORDER.indexOf(status), RUNNING + 1));
  return left - right || b.starts_on.localeCompare(a.starts_on);
}

function campaign(one) {
  const share = one.goal.minor > 0 ? Math.round((100 * one.raised.minor) / one.goal.minor) : null;
  return el("li", { class: "panel" }, el("p", { class: "card-line" }, el("strong", {}, one.name), " ", statusBadge(one.status)),
    share !== null && el("progress", { max: 100, value: Math.min(100, share), "aria-label": `${share} % of the goal` }),
    el("p", {}, share === null ? `${money(one.raised)} raised` : `${money(one.raised)} of ${money(one.goal)} raised, ${share} %`), el("p", { class: "sub" }, `${day(one.starts_on)} to ${day(one.ends_on)}`));
}

const number = (count) => (count ?? 0).toLocaleString("en-US");
