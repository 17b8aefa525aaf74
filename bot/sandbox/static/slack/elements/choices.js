// Checkboxes and radio buttons.

import { h, uid } from "../dom.js";
import { textObject } from "../mrkdwn.js";
import { report } from "../interaction.js";

export function checkboxes(spec, ctx, env) {
  const kept = ctx.form.keptState(env.blockId, env.actionId, spec.type);
  const initial = (kept?.selected_options ?? spec.initial_options ?? []).map((o) => o.value);
  const { node, inputs } = group(spec, ctx, env, "checkbox", (option) => initial.includes(option.value));
  const chosen = () => spec.options.filter((_, k) => inputs[k].checked);
  finish(spec, ctx, env, node, () => ({ selected_options: chosen() }), () => chosen().length === 0);
  return node;
}

export function radioButtons(spec, ctx, env) {
  const kept = ctx.form.keptState(env.blockId, env.actionId, spec.type);
  const initial = (kept ? kept.selected_option : spec.initial_option)?.value;
  const { node, inputs } = group(spec, ctx, env, "radio", (option) => option.value === initial);
  const chosen = () => spec.options.find((_, k) => inputs[k].checked) ?? null;
  finish(spec, ctx, env, node, () => ({ selected_option: chosen() }), () => !chosen());
  return node;
}

function group(spec, ctx, env, type, isInitial) {
  const name = uid("choice");
  const inputs = [];
  const rows = spec.options.map((option, k) => {
    const input = h("input", { type, name, id: `${name}-${k}`, checked: isInitial(option), dataset: { focus: `${env.blockId}/${env.actionId}/${k}` } });
    inputs.push(input);
    return h("label", { class: "choice", for: input.id }, input, h("span", { class: "choice-text" },
      h("span", {}, textObject(option.text, ctx)), option.description ? h("span", { class: "choice-hint" }, textObject(option.description, ctx)) : null));
  });
  const role = type === "radio" ? "radiogroup" : "group";
  return { node: h("div", { class: "choices", role, "aria-label": env.label, "aria-describedby": env.describedBy }, rows), inputs };
}

function finish(spec, ctx, env, node, state, isEmpty) {
  ctx.form.add(env.blockId, env.actionId, { read: () => ({ type: spec.type, ...state() }), isEmpty, required: env.required });
  if (env.dispatches) node.addEventListener("change", () => report(state(), spec, ctx, env, node));
}
