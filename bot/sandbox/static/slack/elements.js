// Interactive elements: Block Kit element JSON -> a control that reports to the workspace.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { report } from "./interaction.js";
import { safeUrl } from "./links.js";
import { textObject } from "./mrkdwn.js";
import { openList } from "./popover.js";
import { checkboxes, radioButtons } from "./elements/choices.js";
import { datePicker, dateTimePicker, timePicker } from "./elements/pickers.js";
import { multiSelect, select } from "./elements/selects.js";
import { fileInput, richTextInput, textInput } from "./elements/text_inputs.js";
import { image } from "./elements/image.js";

const RENDERERS = {
  button, workflow_button: button, overflow, image, icon_button: iconButton, feedback_buttons: feedbackButtons,
  checkboxes, radio_buttons: radioButtons, datepicker: datePicker, timepicker: timePicker, datetimepicker: dateTimePicker,
  plain_text_input: textInput, number_input: textInput, email_text_input: textInput, url_text_input: textInput,
  rich_text_input: richTextInput, file_input: fileInput,
  static_select: select, users_select: select, conversations_select: select, channels_select: select, external_select: select,
  multi_static_select: multiSelect, multi_users_select: multiSelect, multi_conversations_select: multiSelect,
  multi_channels_select: multiSelect, multi_external_select: multiSelect,
};

// env: {blockId, index, inInput, dispatches, required, describedBy}; returns null for what this person may not see.
export function element(spec, ctx, env) {
  if (!visibleTo(spec, ctx.me)) return null;
  const render = RENDERERS[spec?.type];
  if (!render) return h("span", { class: "unsupported-inline" }, `Unsupported element: ${spec?.type ?? "unknown"}`);
  return render(spec, ctx, { ...env, actionId: spec.action_id ?? `action-${env.index ?? 0}` });
}

function visibleTo(spec, me) {
  const allowed = spec?.visible_to_user_ids;
  return !Array.isArray(allowed) || allowed.length === 0 || allowed.includes(me?.id);
}

function button(spec, ctx, env) {
  const href = spec.url ? safeUrl(spec.url) : null;
  const style = { primary: " btn-primary", danger: " btn-danger" }[spec.style] ?? "";
  const inner = [h("span", { class: "btn-label" }, textObject(spec.text, ctx)), h("span", { class: "btn-mark", "aria-hidden": "true" }, icon("warn", { size: 16 }))];
  const shared = {
    class: `btn${style}`, "aria-label": spec.accessibility_label, dataset: { focus: `${env.blockId}/${env.actionId}`, action: env.actionId },
  };
  const action = { text: spec.text, ...(spec.value === undefined ? {} : { value: spec.value }), ...(spec.style ? { style: spec.style } : {}) };
  if (href) {
    const anchor = h("a", { ...shared, href, target: "_blank", rel: "noopener noreferrer" }, inner, icon("right", { size: 15 }));
    anchor.addEventListener("click", () => report({ ...action, url: spec.url }, { ...spec, confirm: null }, ctx, env, anchor));
    return anchor;
  }
  const node = h("button", { ...shared, type: "button" }, inner);
  node.addEventListener("click", () => report(action, spec, ctx, env, node));
  return node;
}

function overflow(spec, ctx, env) {
  const node = h("button", {
    class: "btn btn-icon", type: "button", "aria-haspopup": "listbox", "aria-expanded": "false", "aria-label": "More actions",
    dataset: { focus: `${env.blockId}/${env.actionId}`, action: env.actionId },
  }, icon("more"));
  node.addEventListener("click", () => openList(node, {
    label: "More actions",
    groups: [{ options: spec.options.map((option, k) => ({ id: String(k), label: textObject(option.text, ctx), hint: textObject(option.description, ctx) })) }],
    onChoose: ({ id }) => {
      const option = spec.options[Number(id)];
      const href = option.url ? safeUrl(option.url) : null;
      if (href) window.open(href, "_blank", "noopener,noreferrer");
      report({ selected_option: option }, spec, ctx, env, node);
    },
  }));
  return node;
}

function iconButton(spec, ctx, env) {
  const shape = { trash: "trash", refresh: "refresh", regenerate: "refresh", copy: "copy", pencil: "pencil" }[spec.icon] ?? "more";
  const text = spec.text?.text ?? spec.icon;
  const node = h("button", {
    class: "btn btn-icon btn-quiet", type: "button", title: text, "aria-label": spec.accessibility_label ?? text,
    dataset: { focus: `${env.blockId}/${env.actionId}`, action: env.actionId },
  }, icon(shape, { size: 18 }));
  node.addEventListener("click", () => report(spec.value === undefined ? {} : { value: spec.value }, spec, ctx, env, node));
  return node;
}

function feedbackButtons(spec, ctx, env) {
  const pair = [["positive_button", "up"], ["negative_button", "down"]].filter(([key]) => spec[key]).map(([key, shape]) => {
    const text = spec[key].text?.text ?? key;
    const node = h("button", {
      class: "btn btn-icon btn-quiet", type: "button", title: text, "aria-label": spec[key].accessibility_label ?? text, "aria-pressed": "false",
      dataset: { focus: `${env.blockId}/${env.actionId}/${shape}`, action: env.actionId },
    }, icon(shape, { size: 18 }));
    node.addEventListener("click", async () => {
      if (!(await report({ value: spec[key].value, text: spec[key].text }, spec, ctx, env, node))) return;
      for (const other of pair) other.setAttribute("aria-pressed", String(other === node && node.dataset.state !== "failed"));
    });
    return node;
  });
  return h("span", { class: "feedback", role: "group", "aria-label": "Was this useful?" }, pair);
}
