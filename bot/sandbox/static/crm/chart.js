// Giving by fiscal year as a small bar chart, with the figures as a table beside it.

import { el, newId, svg } from "./dom.js";
import { money } from "./words.js";

const YEARS = 8;
const FIRST_MONTH = 7;
const [WIDTH, HEIGHT, FOOT, HEAD] = [520, 170, 24, 22];
const NOT_MONEY = ["in_kind", "planned"];

export function givingChart(gifts, currency, today) {
  const years = byYear(gifts, currency, today);
  const summary = newId("chart");
  const largest = Math.max(1, ...years.map(({ minor }) => minor));
  return el("figure", { class: "chart" }, el("figcaption", { id: summary }, `Giving by fiscal year (July to June), ${currency}`),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-labelledby": summary }, years.map((year, at) => bar(year, at, years.length, largest, currency))),
    el("details", { class: "figures" }, el("summary", {}, "Show the figures"), figures(years, currency)));
}

function byYear(gifts, currency, today) {
  const counted = gifts.filter((gift) => gift.status === "completed" && !NOT_MONEY.includes(gift.type) && gift.amount.currency === currency);
  const last = fiscalYear(today);
  return Array.from({ length: YEARS }, (_, at) => {
    const year = last - YEARS + 1 + at;
    const own = counted.filter((gift) => fiscalYear(gift.received_on) === year);
    return { year, count: own.length, minor: own.reduce((sum, gift) => sum + gift.amount.minor, 0), isCurrent: year === last };
  });
}

// A fiscal year is named by the calendar year it ends in.
function fiscalYear(date) {
  const [year, month] = date.split("-").map(Number);
  return month >= FIRST_MONTH ? year + 1 : year;
}

function bar({ year, minor, isCurrent }, at, count, largest, currency) {
  const slot = WIDTH / count;
  const height = minor ? Math.max(3, (minor / largest) * (HEIGHT - FOOT - HEAD)) : 0;
  const [x, y] = [at * slot + slot * 0.18, HEIGHT - FOOT - height];
  const middle = at * slot + slot / 2;
  return svg("g", { class: isCurrent ? "is-current" : null }, svg("line", { class: "axis", x1: at * slot, x2: (at + 1) * slot, y1: HEIGHT - FOOT, y2: HEIGHT - FOOT }),
    height > 0 && svg("rect", { x, y, width: slot * 0.64, height, rx: 4 }), svg("text", { class: "bar-year", x: middle, y: HEIGHT - 6 }, `FY${String(year).slice(2)}`),
    minor > 0 && svg("text", { class: "bar-value", x: middle, y: y - 6 }, money({ minor, currency }, { short: true })));
}

function figures(years, currency) {
  return el("table", {}, el("thead", {}, el("tr", {}, ["Fiscal year", "Gifts", "Given"].map((title) => el("th", { scope: "col" }, title)))),
    el("tbody", {}, years.map((year) => el("tr", {}, el("th", { scope: "row" }, `FY${year.year}${year.isCurrent ? " so far" : ""}`), el("td", { class: "number" }, year.count), el("td", { class: "number" }, money({ minor: year.minor, currency }))))));
}
