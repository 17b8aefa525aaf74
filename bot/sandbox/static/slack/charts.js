// Pie, bar, line and area charts as inline SVG, with a legend and the figures as a table.

import { h, replace, svg } from "./dom.js";

const HEIGHT = 220;
const PAD = { top: 12, right: 12, bottom: 30, left: 46 };
const COLOURS = 6;

const colour = (k) => `var(--chart-${(k % COLOURS) + 1})`;
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const exact = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });

export function chartFigure(title, chart) {
  const data = chart.type === "pie" ? pieData(chart) : seriesData(chart);
  const plot = h("div", { class: `chart-plot chart-${chart.type}` });
  const figure = h("figure", { class: "chart", role: "group", "aria-label": title }, h("figcaption", { class: "chart-title" }, title),
    h("div", { class: `chart-body${chart.type === "pie" ? " chart-body-pie" : ""}` }, plot, legend(data)), numbers(title, data));
  const draw = (width) => replace(plot, drawing(chart, data, width, title));
  draw(560);
  new ResizeObserver(([entry]) => { if (entry.contentRect.width > 40) draw(Math.floor(entry.contentRect.width)); }).observe(plot);
  return figure;
}

function pieData({ segments = [] }) {
  const total = segments.reduce((sum, s) => sum + Number(s.value), 0) || 1;
  return {
    kind: "pie", total, columns: ["", "Value", "Share"],
    names: segments.map((s) => `${s.label} · ${percent(s.value, total)}`), segments,
    rows: segments.map((s) => [s.label, exact.format(s.value), percent(s.value, total)]),
  };
}

function percent(value, total) {
  const share = (100 * Number(value)) / total;
  return `${share < 10 && share % 1 ? share.toFixed(1) : Math.round(share)}%`;
}

function seriesData({ series = [], axis_config: axis = {} }) {
  const categories = axis.categories ?? series[0]?.data?.map((d) => d.label) ?? [];
  const lookup = series.map((s) => new Map((s.data ?? []).map((d) => [d.label, Number(d.value)])));
  return {
    kind: "series", categories, series, axis, names: series.map((s) => s.name), values: (k, category) => lookup[k].get(category) ?? null,
    columns: [axis.x_label ?? "", ...series.map((s) => s.name)],
    rows: categories.map((c) => [c, ...series.map((_, k) => (lookup[k].has(c) ? exact.format(lookup[k].get(c)) : "–"))]),
  };
}

function legend({ names }) {
  return h("ul", { class: "legend", "aria-label": "Legend" }, names.map((name, k) => h("li", {}, h("span", { class: "legend-key", style: { "--key": colour(k) } }), name)));
}

function numbers(title, data) {
  return h("details", { class: "chart-numbers" }, h("summary", {}, "Show the figures"),
    h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": `${title}: figures` }, h("table", { class: "table" },
      h("thead", {}, h("tr", {}, data.columns.map((c, k) => h("th", { scope: "col", class: k ? "align-right" : "align-left" }, c)))),
      h("tbody", {}, data.rows.map((row) => h("tr", {}, row.map((c, k) => (k ? h("td", { class: "align-right" }, c) : h("th", { scope: "row" }, c)))))))));
}

function drawing(chart, data, width, title) {
  const label = `${title}. ${data.rows.map((row) => row.join(" ")).join("; ")}`;
  if (data.kind === "pie") return pie(data, label);
  const scale = scales(data, width, chart.type);
  const marks = { bar: bars, line: lines, area: areas }[chart.type] ?? lines;
  return svg("svg", { role: "img", "aria-label": label, width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` }, grid(scale, data), marks(data, scale));
}

function pie(data, label) {
  const size = 168;
  const radius = 66;
  const turn = 2 * Math.PI * radius;
  let start = 0;
  const slices = data.segments.map((segment, k) => {
    const share = Number(segment.value) / data.total;
    const gap = data.segments.length > 1 ? Math.min(3, share * turn * 0.3) : 0;
    const arc = svg("circle", {
      cx: size / 2, cy: size / 2, r: radius, fill: "none", style: { stroke: colour(k) }, "stroke-width": 30,
      "stroke-dasharray": `${Math.max(0.5, share * turn - gap)} ${turn}`, "stroke-dashoffset": -start * turn, transform: `rotate(-90 ${size / 2} ${size / 2})`,
    }, svg("title", {}, `${segment.label}: ${exact.format(segment.value)}`));
    start += share;
    return arc;
  });
  return svg("svg", { role: "img", "aria-label": label, width: size, height: size, viewBox: `0 0 ${size} ${size}` }, slices,
    svg("text", { x: size / 2, y: size / 2 + 6, "text-anchor": "middle", class: "pie-total" }, compact.format(data.total)));
}

function scales(data, width, type) {
  const all = data.categories.flatMap((c) => data.series.map((_, k) => data.values(k, c) ?? 0));
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
  const step = niceStep((high - low || 1) / 4);
  const [from, to] = [Math.floor(low / step) * step, Math.ceil(high / step) * step || step];
  const inner = { width: width - PAD.left - PAD.right, height: HEIGHT - PAD.top - PAD.bottom };
  const count = Math.max(1, data.categories.length);
  const band = inner.width / count;
  const spread = type === "bar" || count === 1 ? (i) => PAD.left + band * (i + 0.5) : (i) => PAD.left + 14 + ((inner.width - 28) * i) / (count - 1);
  return { from, to, step, band, x: spread, y: (v) => PAD.top + inner.height * (1 - (v - from) / (to - from)), width, right: width - PAD.right };
}

function niceStep(raw) {
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 2.5, 5, 10].find((m) => m * power >= raw) ?? 10);
}

function grid(scale, data) {
  const nodes = [];
  for (let v = scale.from; v <= scale.to + scale.step / 2; v += scale.step) {
    nodes.push(svg("line", { class: v === 0 ? "axis" : "gridline", x1: PAD.left, x2: scale.right, y1: scale.y(v), y2: scale.y(v) }),
      svg("text", { class: "tick", x: PAD.left - 8, y: scale.y(v) + 4, "text-anchor": "end" }, compact.format(v)));
  }
  const slot = data.categories.length > 1 ? scale.x(1) - scale.x(0) : scale.band;
  const longest = Math.max(1, ...data.categories.map((c) => String(c).length));
  const every = Math.max(1, Math.ceil(Math.min(longest, 12) * 6.4 / slot));
  data.categories.forEach((category, i) => {
    if (i % every) return;
    const text = String(category);
    nodes.push(svg("text", { class: "tick", x: scale.x(i), y: HEIGHT - 10, "text-anchor": "middle" }, text.length > 14 ? `${text.slice(0, 13)}…` : text, svg("title", {}, text)));
  });
  return nodes;
}

function tip(data, k, category, value) {
  return svg("title", {}, `${data.series[k].name}, ${category}: ${exact.format(value)}`);
}

function bars(data, scale) {
  const group = Math.min(scale.band * 0.72, 46 * data.series.length);
  const width = group / data.series.length;
  return data.categories.flatMap((category, i) => data.series.map((_, k) => {
    const value = data.values(k, category);
    if (value === null) return null;
    const [top, bottom] = [scale.y(Math.max(0, value)), scale.y(Math.min(0, value))];
    return svg("rect", {
      x: scale.x(i) - group / 2 + k * width + 1, y: top, width: Math.max(2, width - 2), height: Math.max(1, bottom - top), rx: Math.min(4, width / 4), style: { fill: colour(k) },
    }, tip(data, k, category, value));
  }));
}

function points(data, scale, k) {
  return data.categories.map((c, i) => [scale.x(i), data.values(k, c), c]).filter(([, v]) => v !== null).map(([x, v, c]) => ({ x, y: scale.y(v), v, c }));
}

function path(list) {
  return list.map(({ x, y }, i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

function lines(data, scale) {
  return data.series.map((_, k) => {
    const list = points(data, scale, k);
    return [svg("path", { class: "line", d: path(list), style: { stroke: colour(k) } }),
      list.map((p) => svg("circle", { cx: p.x, cy: p.y, r: 3.5, style: { fill: colour(k) } }, tip(data, k, p.c, p.v)))];
  });
}

function areas(data, scale) {
  return data.series.map((_, k) => {
    const list = points(data, scale, k);
    if (!list.length) return null;
    const base = scale.y(0);
    return [svg("path", { class: "area", d: `${path(list)}L${list.at(-1).x} ${base}L${list[0].x} ${base}Z`, style: { fill: colour(k) } }),
      svg("path", { class: "line", d: path(list), style: { stroke: colour(k) } })];
  });
}
