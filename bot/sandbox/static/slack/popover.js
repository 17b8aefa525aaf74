// Menus and list boxes that open beside a control.

import { append, h, uid } from "./dom.js";
import { icon } from "./icons.js";

const GAP = 6;
const EDGE = 8;
const FILTER_FROM = 8;
const PAUSE_MS = 150;
let current = null;

export function closePopover() {
  current?.close();
}

function open(anchor, panel, { onClose, minWidth = 0, returnFocus = true } = {}) {
  closePopover();
  (anchor.closest("dialog") ?? document.body).append(panel);
  place(anchor, panel, minWidth);
  anchor.setAttribute("aria-expanded", "true");
  const outside = (event) => { if (!panel.contains(event.target) && !anchor.contains(event.target)) close(false); };
  const scrolled = (event) => { if (!panel.contains(event.target)) place(anchor, panel, minWidth); };
  const resized = () => place(anchor, panel, minWidth);
  const close = (refocus = returnFocus) => {
    if (current?.panel !== panel) return;
    current = null;
    panel.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("scroll", scrolled, true);
    removeEventListener("resize", resized);
    if (refocus && anchor.isConnected) anchor.focus();
    onClose?.();
  };
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("scroll", scrolled, true);
  addEventListener("resize", resized);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(true); }
    if (event.key === "Tab") close(true);
  });
  current = { panel, close };
  return close;
}

function place(anchor, panel, minWidth) {
  const at = anchor.getBoundingClientRect();
  panel.style.setProperty("min-width", `${Math.min(Math.max(at.width, minWidth), innerWidth - 2 * EDGE)}px`);
  const size = panel.getBoundingClientRect();
  const below = innerHeight - at.bottom - GAP - EDGE;
  const above = at.top - GAP - EDGE;
  const up = size.height > below && above > below;
  panel.style.setProperty("max-height", `${Math.max(120, up ? above : below)}px`);
  const height = Math.min(size.height, up ? above : below);
  const left = Math.min(Math.max(EDGE, at.left), innerWidth - size.width - EDGE);
  panel.style.setProperty("left", `${Math.max(EDGE, left)}px`);
  panel.style.setProperty("top", `${up ? at.top - GAP - height : at.bottom + GAP}px`);
}

// groups: [{label?, options: [{id, label, search?, hint?, lead?, disabled?, danger?}]}]
// load: {shortest, ask} where the options are asked for with what was typed, instead of being filtered by it.
export function openList(anchor, { groups, load, label, selected = new Set(), multiple = false, max = Infinity, onChoose, filter, minWidth = 200 }) {
  const listId = uid("list");
  const total = groups.reduce((sum, g) => sum + g.options.length, 0);
  const withFilter = filter ?? (Boolean(load) || total >= FILTER_FROM);
  const list = h("div", { class: "menu-list", role: "listbox", id: listId, "aria-label": label, "aria-multiselectable": multiple || null, tabindex: withFilter ? null : "-1" });
  const input = withFilter ? h("input", {
    class: "menu-filter", type: "text", placeholder: "Search", "aria-label": `Search ${label}`, role: "combobox",
    "aria-expanded": "true", "aria-controls": listId, autocomplete: "off", spellcheck: "false",
  }) : null;
  const panel = h("div", { class: "menu" }, input, list);
  const chosen = new Set(selected);
  let active = 0;
  let shown = [];
  let note = load ? typeMore(load.shortest) : "Nothing matches";
  let close = () => {};

  const choose = (option) => {
    if (option.disabled) return;
    if (!multiple) { close(true); onChoose(option); return; }
    if (chosen.has(option.id)) chosen.delete(option.id);
    else if (chosen.size < max) chosen.add(option.id);
    draw();
    onChoose(option, chosen);
  };
  const mark = () => {
    shown.forEach(({ node }, k) => node.classList.toggle("active", k === active));
    const node = shown[active]?.node;
    (input ?? list).setAttribute("aria-activedescendant", node?.id ?? "");
    node?.scrollIntoView({ block: "nearest" });
  };
  const draw = () => {
    const needle = load ? "" : (input?.value ?? "").trim().toLowerCase();
    shown = [];
    list.replaceChildren();
    for (const group of groups) {
      const matching = group.options.filter((o) => !needle || (o.search ?? textOf(o.label)).toLowerCase().includes(needle));
      if (!matching.length) continue;
      if (group.label) list.append(h("div", { class: "menu-group", role: "presentation" }, group.label));
      for (const option of matching) {
        const node = optionNode(option, chosen.has(option.id), () => choose(option));
        shown.push({ option, node });
        list.append(node);
      }
    }
    if (!shown.length) list.append(h("div", { class: "menu-empty", role: "status" }, note));
    active = Math.min(active, Math.max(0, shown.length - 1));
    mark();
  };

  panel.addEventListener("keydown", (event) => {
    const last = shown.length - 1;
    if (event.key === "ArrowDown") active = active >= last ? 0 : active + 1;
    else if (event.key === "ArrowUp") active = active <= 0 ? last : active - 1;
    else if (event.key === "Home" && !input) active = 0;
    else if (event.key === "End" && !input) active = last;
    else if (event.key === "Enter" || (event.key === " " && !input)) { event.preventDefault(); if (shown[active]) choose(shown[active].option); return; }
    else return;
    event.preventDefault();
    mark();
  });
  let asked = 0;
  const say = (text, found = []) => { groups = found; note = text; active = 0; draw(); };
  const ask = async (typed, turn) => {
    try {
      const found = await load.ask(typed);
      if (turn === asked) say("No results", found);
    } catch (error) {
      if (turn === asked) say(error.message);
    }
  };
  const typed = () => {
    if (!load) { active = 0; draw(); return; }
    const text = input.value.trim(), turn = ++asked;
    if (text.length < load.shortest) { say(typeMore(load.shortest)); return; }
    say("Searching…");
    setTimeout(() => { if (turn === asked) ask(text, turn); }, PAUSE_MS);
  };
  input?.addEventListener("input", typed);
  draw();
  const preset = shown.findIndex(({ option }) => chosen.has(option.id));
  close = open(anchor, panel, { minWidth });
  (input ?? list).focus();
  if (preset > 0) { active = preset; mark(); }
  return close;
}

function typeMore(shortest) {
  return shortest > 1 ? `Type at least ${shortest} letters` : "Type to search";
}

function optionNode(option, isChosen, onclick) {
  const node = h("div", {
    class: `menu-option${option.danger ? " danger" : ""}`, role: "option", id: uid("option"),
    "aria-selected": isChosen ? "true" : "false", "aria-disabled": option.disabled || null, dataset: { id: option.id },
  }, option.lead ?? null, h("span", { class: "menu-text" }, h("span", { class: "menu-label" }, cloneLabel(option.label)),
    option.hint ? h("span", { class: "menu-hint" }, cloneLabel(option.hint)) : null),
  isChosen ? h("span", { class: "menu-check" }, icon("check", { size: 16 })) : null);
  node.addEventListener("click", onclick);
  return node;
}

function cloneLabel(label) {
  return label instanceof Node ? label.cloneNode(true) : label;
}

function textOf(label) {
  return label instanceof Node ? label.textContent : String(label ?? "");
}

export function openPanel(anchor, content, { label, minWidth = 220 } = {}) {
  const panel = append(h("div", { class: "menu menu-panel", role: "dialog", "aria-label": label, tabindex: "-1" }), [content]);
  const close = open(anchor, panel, { minWidth });
  (panel.querySelector("button, input, a") ?? panel).focus();
  return close;
}
