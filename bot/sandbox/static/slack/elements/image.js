// Images. Only images of this machine are loaded: the simulated workspace sends nothing out.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { localUrl, safeUrl } from "../links.js";

export function image(spec, ctx, env = {}) {
  const raw = spec.image_url ?? spec.slack_file?.url ?? (spec.slack_file?.id ? ctx.fileUrl?.(spec.slack_file.id) : null);
  const alt = spec.alt_text ?? "";
  if (isInlineImage(raw)) return h("img", { class: env.className ?? "image-small", src: raw, alt, loading: "lazy" });
  const local = localUrl(raw);
  if (local) return h("img", { class: env.className ?? "image-small", src: local, alt, loading: "lazy" });
  const href = safeUrl(raw);
  const host = href ? new URL(href).host : "unknown address";
  return h("span", { class: `image-absent ${env.className ?? "image-small"}`, role: "img", "aria-label": alt || "Image", title: `${alt} (${host}, not loaded in the simulation)` },
    icon("image", { size: 18 }), env.large ? h("span", {}, `${alt || "Image"} · not loaded from ${host}`) : null);
}

function isInlineImage(raw) {
  return /^data:image\/(png|jpeg|gif|webp);base64,[a-z0-9+/=]+$/i.test(raw ?? "");
}
