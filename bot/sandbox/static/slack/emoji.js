// Emoji by name. The ones that cards use are drawn by the page, so that they look the same without an emoji font.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const DRAWN = {
  white_check_mark: ["ok", "good"], heavy_check_mark: ["check", "good"], ballot_box_with_check: ["ok", "good"],
  warning: ["warn", "warn"], x: ["close", "bad"], no_entry: ["error", "bad"], no_entry_sign: ["error", "bad"],
  rotating_light: ["bell", "bad"], bangbang: ["error", "bad"], information_source: ["info", "note"],
  hourglass: ["clock", "note"], hourglass_flowing_sand: ["clock", "note"], clock1: ["clock", "note"], alarm_clock: ["clock", "note"],
  bell: ["bell", "warn"], lock: ["lock", "note"], closed_lock_with_key: ["lock", "note"], sparkles: ["sparkle", "warn"],
  robot_face: ["sparkle", "note"], memo: ["pencil", "note"], pencil: ["pencil", "note"], pencil2: ["pencil", "note"],
  calendar: ["calendar", "note"], date: ["calendar", "note"], spiral_calendar_pad: ["calendar", "note"],
  moneybag: ["coin", "good"], dollar: ["coin", "good"], money_with_wings: ["coin", "good"], gift: ["heart", "bad"], heart: ["heart", "bad"],
  "+1": ["up", "warn"], thumbsup: ["up", "warn"], "-1": ["down", "warn"], thumbsdown: ["down", "warn"],
  mag: ["search", "note"], link: ["link", "note"], eyes: ["eye", "note"], leftwards_arrow_with_hook: ["undo", "note"],
  arrows_counterclockwise: ["refresh", "note"], repeat: ["refresh", "note"], wastebasket: ["trash", "note"],
  triangular_flag_on_post: ["flag", "bad"], page_facing_up: ["file", "note"], books: ["ledger", "note"], ledger: ["ledger", "note"],
  tada: ["sparkle", "warn"], zap: ["bolt", "warn"], speech_balloon: ["reply", "note"], house: ["home", "note"], pray: ["heart", "warn"],
};
const DOTS = {
  red_circle: "#d6453d", large_green_circle: "#2f9e6e", green_circle: "#2f9e6e", large_yellow_circle: "#d9a514",
  yellow_circle: "#d9a514", large_orange_circle: "#df7b1e", orange_circle: "#df7b1e", large_blue_circle: "#3576c9",
  blue_circle: "#3576c9", white_circle: "#c9cfcd", black_circle: "#3a4344",
};
const GLYPHS = {
  smile: "😄", slightly_smiling_face: "🙂", wave: "👋", clap: "👏", rocket: "🚀", fire: "🔥", star: "⭐", email: "✉️", envelope: "✉️",
  telephone_receiver: "📞", phone: "☎️", bulb: "💡", chart_with_upwards_trend: "📈", bar_chart: "📊", ok_hand: "👌", raised_hands: "🙌",
  point_right: "👉", arrow_right: "→", arrow_up: "↑", arrow_down: "↓", question: "❓", birthday: "🎂", anchor: "⚓", sailboat: "⛵",
};

export function emoji(name, unicode) {
  const label = name.replaceAll("_", " ");
  if (DRAWN[name]) {
    const [shape, tone] = DRAWN[name];
    return h("span", { class: `emoji emoji-${tone}`, role: "img", "aria-label": label, title: `:${name}:` }, icon(shape, { size: 17 }));
  }
  if (DOTS[name]) return h("span", { class: "emoji emoji-dot", role: "img", "aria-label": label, title: `:${name}:`, style: { "--dot": DOTS[name] } });
  const glyph = GLYPHS[name] ?? fromHex(unicode);
  if (glyph) return h("span", { class: "emoji", role: "img", "aria-label": label, title: `:${name}:` }, glyph);
  return document.createTextNode(`:${name}:`);
}

function fromHex(unicode) {
  if (!/^[0-9a-f]{2,6}(-[0-9a-f]{2,6})*$/i.test(unicode ?? "")) return null;
  const points = unicode.split("-").map((part) => Number.parseInt(part, 16));
  return points.every((p) => p <= 0x10ffff) ? String.fromCodePoint(...points) : null;
}
