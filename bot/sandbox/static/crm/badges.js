// Clear marks for what restricts the treatment of a donor: a word and a shape, never colour alone.

import { el, svg } from "./dom.js";
import { word } from "./words.js";

const MARKS = {
  "Deceased": ["grave", "M8 2v12M4.5 5.5h7"],
  "Do not contact": ["bad", "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM4 12l8-8"],
  "Legal review": ["warn", "M8 2.5v11M4 4.5h8M4 4.5 2 9.5h4ZM12 4.5l-2 5h4Z"],
  "Sensitive": ["warn", "M8 2.5 14 13.5H2ZM8 6.5v3M8 11.6v.2"],
  "Vulnerable": ["warn", "M8 13.5C3 10 2 7.6 2 5.8A3 3 0 0 1 8 5a3 3 0 0 1 6 .8c0 1.800-1 4.200-6 7.700Z"],
  "Anonymous": ["idle", "M2 8s2.200-4 6-4 6 4 6 4-2.200 4-6 4-6-4-6-4ZM3 13 13 3"],
  "EU only": ["idle", "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM2 8h12M8 2c4 4 4 8 0 12M8 2c-4 4-4 8 0 12"],
  "Merged": ["idle", "M3 3c0 5 5 3 5 8v3M13 3c0 5-5 3-5 8"],
};

export function flagBadges(flags, fresh = () => null) {
  return flags.map((flag) => {
    const [tone, path] = MARKS[flag] ?? ["idle", "M8 4v5M8 11.600v.2"];
    return el("span", { class: `badge flag tone-${tone} ${fresh(flag) ?? ""}` }, svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, svg("path", { d: path })), flag);
  });
}

const STATUS_TONES = {
  active: "good", completed: "good", fulfilled: "good", done: "good", acknowledged: "good", opted_in: "good", soft_opt_in: "good", open: "idle", planned: "idle",
  pending: "idle", needed: "warn", paused: "warn", lapsed: "warn", unknown: "warn", opted_out: "bad", cancelled: "idle", refunded: "bad", written_off: "bad",
};

export const statusBadge = (status) => el("span", { class: `badge tone-${STATUS_TONES[status] ?? "idle"}` }, word(status));
