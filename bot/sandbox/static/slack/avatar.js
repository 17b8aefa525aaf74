// A person's initials on their colour, or the app's mark.

import { h } from "./dom.js";
import { appMark } from "./icons.js";

export function avatar(user, size = 36) {
  if (user?.is_bot) return h("span", { class: "avatar avatar-app", style: { "--size": `${size}px` }, "aria-hidden": "true" }, appMark(size));
  const initials = user?.initials ?? (user?.real_name ?? "?").split(/\s+/).map((w) => w[0]).slice(0, 2).join("");
  return h("span", { class: "avatar", style: { "--size": `${size}px`, "--avatar": colour(user?.color) }, "aria-hidden": "true" }, initials.toUpperCase());
}

function colour(raw) {
  const found = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(raw ?? "");
  return found ? `#${found[1]}` : "#5b6b73";
}
