// table and data_table.

import { h, replace, uid } from "../dom.js";
import { icon } from "../icons.js";
import { richText } from "./rich_text.js";
import { element } from "../elements.js";

const DEFAULT_PAGE = 5;

export function table(block, ctx, blockId) {
  const [head, ...body] = block.rows ?? [];
  const shape = (k) => {
    const settings = block.column_settings?.[k] ?? {};
    return `align-${["center", "right"].includes(settings.align) ? settings.align : "left"}${settings.is_wrapped ? " wrapped" : ""}`;
  };
  return wrap("Table", h("table", { class: "table" },
    h("thead", {}, h("tr", {}, (head ?? []).map((c, k) => h("th", { scope: "col", class: shape(k) }, cell(c, ctx, blockId))))),
    h("tbody", {}, body.map((row) => h("tr", {}, row.map((c, k) => h("td", { class: shape(k) }, cell(c, ctx, blockId))))))));
}

export function dataTable(block, ctx, blockId) {
  const [head, ...body] = block.rows ?? [];
  const size = Math.min(Math.max(block.page_size ?? DEFAULT_PAGE, 1), 100);
  const state = { page: 0, column: null, descending: false };
  const captionId = uid("caption");
  const numeric = (head ?? []).map((_, k) => body.length > 0 && body.every((row) => row[k]?.type === "raw_number"));
  const holder = h("div", { class: "data-table" });
  const draw = () => {
    const rows = sorted(body, state);
    const pages = Math.max(1, Math.ceil(rows.length / size));
    state.page = Math.min(state.page, pages - 1);
    const slice = rows.slice(state.page * size, (state.page + 1) * size);
    const rowHead = block.row_header_column_index ?? 0;
    const heads = (head ?? []).map((c, k) => sortHead(c, k, numeric[k], state, () => { draw(); holder.querySelectorAll("th button")[k]?.focus(); }));
    const lines = slice.map((row) => h("tr", {}, row.map((c, k) => h(k === rowHead ? "th" : "td", {
      scope: k === rowHead ? "row" : null, class: numeric[k] ? "align-right" : "align-left",
    }, cell(c, ctx, blockId)))));
    replace(holder, h("div", { class: "table-caption", id: captionId }, block.caption),
      wrap(null, h("table", { class: "table", "aria-labelledby": captionId }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, lines)), captionId),
      pages > 1 ? pager(state, pages, rows.length, size, draw, holder) : null);
  };
  draw();
  return holder;
}

function sortHead(c, k, isNumeric, state, redraw) {
  const direction = state.column === k ? (state.descending ? "descending" : "ascending") : "none";
  const sort = () => {
    state.descending = state.column === k ? !state.descending : isNumeric;
    state.column = k;
    state.page = 0;
    redraw();
  };
  return h("th", { scope: "col", "aria-sort": direction, class: isNumeric ? "align-right" : "align-left" },
    h("button", { class: `sort sort-${direction}`, type: "button", onclick: sort, title: "Sort by this column" }, textOf(c), icon(direction === "none" ? "sort" : "chevron", { size: 14 })));
}

function sorted(rows, { column, descending }) {
  if (column === null) return rows;
  const key = (row) => (row[column]?.type === "raw_number" ? Number(row[column].value) : textOf(row[column]));
  const order = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
  const out = [...rows].sort((x, y) => order(key(x), key(y)));
  return descending ? out.reverse() : out;
}

function pager(state, pages, total, size, draw, holder) {
  const turn = (step, name) => () => {
    state.page += step;
    draw();
    const again = holder.querySelector(`.pager [data-turn="${name}"]:not([disabled])`) ?? holder.querySelector(".pager button:not([disabled])");
    again?.focus();
  };
  const from = state.page * size + 1;
  return h("div", { class: "pager" },
    h("button", { class: "btn btn-icon btn-quiet", type: "button", "aria-label": "Previous page", dataset: { turn: "previous" }, disabled: state.page === 0, onclick: turn(-1, "previous") }, icon("left", { size: 16 })),
    h("span", { role: "status" }, `${from}–${Math.min(total, from + size - 1)} of ${total}`),
    h("button", { class: "btn btn-icon btn-quiet", type: "button", "aria-label": "Next page", dataset: { turn: "next" }, disabled: state.page === pages - 1, onclick: turn(1, "next") }, icon("right", { size: 16 })));
}

function wrap(label, node, labelledBy) {
  return h("div", { class: "table-wrap", role: "region", tabindex: "0", "aria-label": label, "aria-labelledby": labelledBy }, node);
}

function cell(c, ctx, blockId) {
  if (c?.type === "rich_text") return richText(c, ctx);
  if (c?.type === "action" && c.element) return element(c.element, ctx, { blockId, dispatches: true });
  return textOf(c);
}

function textOf(c) {
  if (c === null || c === undefined) return "";
  if (typeof c === "string") return c;
  if (c.type === "raw_number") return c.text ?? (typeof c.value === "number" ? c.value.toLocaleString("en-US") : String(c.value ?? ""));
  if (c.type === "rich_text") return (c.elements ?? []).flatMap((e) => e.elements ?? []).map((leaf) => leaf.text ?? leaf.url ?? "").join("");
  return String(c.text ?? "");
}
