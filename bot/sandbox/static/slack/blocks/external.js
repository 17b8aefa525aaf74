// Blocks whose content lives elsewhere: shown as plain text with a link.

import { element } from "../elements.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { link, safeUrl } from "../links.js";
import { textObject } from "../mrkdwn.js";

export function video(block, ctx) {
  const title = textObject(block.title, ctx) ?? "Video";
  return h("div", { class: "external" }, icon("play"), h("div", {}, h("div", { class: "external-title" }, link(block.title_url ?? block.video_url, title)),
    block.description ? h("div", { class: "external-text" }, textObject(block.description, ctx)) : null,
    h("div", { class: "external-text" }, [block.author_name, block.provider_name].filter(Boolean).join(" · ") || block.alt_text)));
}

export function file(block) {
  return h("div", { class: "external" }, icon("file"), h("div", {}, h("div", { class: "external-title" }, "Remote file"), h("div", { class: "external-text" }, block.external_id)));
}

export function authProvider(block, ctx, blockId) {
  const address = block.is_connected ? block.disconnect_url : block.auth_url;
  const identity = [block.connected_identity, block.connected_context].filter(Boolean).map((t) => textObject(t, ctx));
  return h("div", { class: "external auth-provider" }, icon("plug"),
    h("div", { class: "external-main" }, h("div", { class: "external-title" }, textObject(block.name, ctx)),
      h("div", { class: "external-text" }, block.is_connected ? ["Connected", identity.map((t) => [" · ", t])] : textObject(block.description, ctx))),
    address && safeUrl(address) ? link(address, block.is_connected ? "Disconnect" : "Connect") : null,
    block.is_connected && block.accessory ? element(block.accessory, ctx, { blockId, index: 0, dispatches: true }) : null);
}
