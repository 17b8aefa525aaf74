// Decides which addresses may become links or images.

import { h } from "./dom.js";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const LINKABLE = new Set(["http:", "https:", "mailto:", "tel:"]);

export function safeUrl(raw) {
  const text = String(raw ?? "").trim();
  if (!/^(https?:\/\/|mailto:|tel:|\/(?!\/))/i.test(text)) return null;
  try {
    const url = new URL(text, location.origin);
    return LINKABLE.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// The same address on this page's origin if it points to this machine's server, whatever loopback name it uses; otherwise null.
export function localUrl(raw) {
  const href = safeUrl(raw);
  if (!href) return null;
  const url = new URL(href);
  const here = LOOPBACK.has(url.hostname) && LOOPBACK.has(location.hostname) && url.port === location.port;
  return url.origin === location.origin || here ? `${location.origin}${url.pathname}${url.search}` : null;
}

export function link(rawUrl, children) {
  const href = safeUrl(rawUrl);
  if (!href) return h("span", { class: "dead-link", title: "Not linked: this address is not a web address" }, children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, children);
}
