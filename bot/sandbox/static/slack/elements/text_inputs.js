// Text, number, e-mail, address and rich text inputs.

import { h } from "../dom.js";
import { report } from "../interaction.js";

const HTML_TYPE = { plain_text_input: "text", number_input: "text", email_text_input: "email", url_text_input: "url" };

export function textInput(spec, ctx, env) {
  const kept = ctx.form.keptState(env.blockId, env.actionId, spec.type);
  const initial = kept ? kept.value ?? "" : spec.initial_value ?? "";
  const shared = {
    class: "field", placeholder: spec.placeholder?.text, value: initial, maxlength: spec.max_length, id: env.inputId,
    "aria-label": env.inputId ? null : env.label ?? spec.placeholder?.text ?? "Text", "aria-describedby": env.describedBy,
    dataset: { focus: `${env.blockId}/${env.actionId}`, ...(spec.focus_on_load ? { autofocus: "" } : {}) },
  };
  const input = spec.multiline ? h("textarea", { ...shared, rows: 4 })
    : h("input", { ...shared, type: HTML_TYPE[spec.type], inputmode: spec.type === "number_input" ? "decimal" : null });
  const count = spec.max_length && spec.multiline ? h("span", { class: "field-count", "aria-hidden": "true" }) : null;
  const value = () => (input.value === "" ? null : input.value);
  const recount = () => { if (count) count.textContent = String(spec.max_length - input.value.length); };
  recount();
  input.addEventListener("input", recount);
  ctx.form.add(env.blockId, env.actionId, {
    read: () => ({ type: spec.type, value: value() }), isEmpty: () => input.value.trim() === "", required: env.required, problem: () => problemOf(spec, input.value),
  });
  if (env.dispatches) dispatchOn(spec, ctx, env, input, value);
  return count ? h("span", { class: "field-counted" }, input, count) : input;
}

function dispatchOn(spec, ctx, env, input, value) {
  const triggers = spec.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  if (triggers.includes("on_enter_pressed")) {
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || (spec.multiline && event.shiftKey)) return;
      event.preventDefault();
      report({ value: value() }, spec, ctx, env, input);
    });
  }
  if (triggers.includes("on_character_entered")) input.addEventListener("change", () => report({ value: value() }, spec, ctx, env, input));
}

function problemOf(spec, text) {
  if (text === "") return null;
  if (spec.min_length && text.length < spec.min_length) return `Please enter at least ${spec.min_length} characters.`;
  if (spec.type === "email_text_input" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) return "Please enter a valid e-mail address.";
  if (spec.type === "url_text_input" && !/^https?:\/\/\S+$/i.test(text)) return "Please enter a valid web address.";
  return spec.type === "number_input" ? numberProblem(spec, text) : null;
}

function numberProblem(spec, text) {
  const pattern = spec.is_decimal_allowed ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  if (!pattern.test(text)) return spec.is_decimal_allowed ? "Please enter a number." : "Please enter a whole number.";
  if (spec.min_value !== undefined && Number(text) < Number(spec.min_value)) return `Please enter ${spec.min_value} or more.`;
  if (spec.max_value !== undefined && Number(text) > Number(spec.max_value)) return `Please enter ${spec.max_value} or less.`;
  return null;
}

export function richTextInput(spec, ctx, env) {
  const kept = ctx.form.keptState(env.blockId, env.actionId, spec.type);
  const initial = textOf(kept ? kept.rich_text_value : spec.initial_value);
  const input = h("textarea", {
    class: "field", rows: Math.max(3, spec.min_lines ?? 4), placeholder: spec.placeholder?.text, value: initial, id: env.inputId,
    "aria-describedby": env.describedBy, dataset: { focus: `${env.blockId}/${env.actionId}`, ...(spec.focus_on_load ? { autofocus: "" } : {}) },
  });
  const value = () => (input.value ? {
    type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text: input.value }] }],
  } : null);
  ctx.form.add(env.blockId, env.actionId, {
    read: () => ({ type: spec.type, rich_text_value: value() }), isEmpty: () => input.value.trim() === "", required: env.required,
  });
  return input;
}

// Plain text of a rich_text value: sections become lines.
function textOf(rich) {
  const lines = [];
  const leaf = (e) => e.text ?? e.url ?? (e.user_id ? `<@${e.user_id}>` : e.name ? `:${e.name}:` : "");
  for (const part of rich?.elements ?? []) {
    if (part.type === "rich_text_list") for (const item of part.elements ?? []) lines.push(`• ${(item.elements ?? []).map(leaf).join("")}`);
    else lines.push((part.elements ?? []).map(leaf).join(""));
  }
  return lines.join("\n");
}

export function fileInput() {
  return h("span", { class: "unsupported-inline" }, "Uploading files is not part of the simulation");
}
