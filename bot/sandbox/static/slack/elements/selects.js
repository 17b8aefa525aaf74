// Select menus: fixed options, people, conversations, and what the app offers while somebody types.

import { avatar } from "../avatar.js";
import { h, replace } from "../dom.js";
import { icon } from "../icons.js";
import { textObject } from "../mrkdwn.js";
import { openList } from "../popover.js";
import { report } from "../interaction.js";

export function select(spec, ctx, env) {
  const source = sourceOf(spec, ctx, env);
  const kept = ctx.form.keptState(env.blockId, env.actionId, spec.type);
  let chosen = source.find(kept ? kept[source.key] : spec[source.initial]);
  const node = trigger(spec, env);
  const draw = () => fillTrigger(node, chosen ? [chosen.label] : [], spec);
  draw();
  node.addEventListener("click", () => {
    openList(node, {
      label: env.label ?? spec.placeholder?.text ?? "Options", groups: source.groups(), load: source.load, selected: new Set(chosen ? [chosen.id] : []),
      onChoose: (option) => {
        chosen = option;
        draw();
        if (env.dispatches) report(state(), spec, ctx, env, node);
      },
    });
  });
  const state = () => ({ [source.key]: chosen ? chosen.result : null });
  ctx.form.add(env.blockId, env.actionId, { read: () => ({ type: spec.type, ...state() }), isEmpty: () => !chosen, required: env.required });
  return node;
}

export function multiSelect(spec, ctx, env) {
  const source = sourceOf(spec, ctx, env);
  const plural = { selected_option: "selected_options", selected_user: "selected_users", selected_conversation: "selected_conversations", selected_channel: "selected_channels" }[source.key];
  const kept = ctx.form.keptState(env.blockId, env.actionId, spec.type);
  const initial = kept ? kept[plural] : spec[`${source.initial}s`];
  const chosen = new Map((initial ?? []).map((value) => source.find(value)).filter(Boolean).map((o) => [o.id, o]));
  const node = trigger(spec, env);
  const draw = () => fillTrigger(node, [...chosen.values()].map((o) => h("span", { class: "chip" }, copy(o.label))), spec);
  draw();
  const state = () => ({ [plural]: [...chosen.values()].map((o) => o.result) });
  node.addEventListener("click", () => {
    openList(node, {
      label: env.label ?? spec.placeholder?.text ?? "Options", groups: source.groups(), load: source.load, selected: new Set(chosen.keys()), multiple: true,
      max: spec.max_selected_items ?? Infinity,
      onChoose: (option, ids) => {
        if (ids.has(option.id)) chosen.set(option.id, option); else chosen.delete(option.id);
        draw();
        if (env.dispatches) report(state(), spec, ctx, env, node);
      },
    });
  });
  ctx.form.add(env.blockId, env.actionId, { read: () => ({ type: spec.type, ...state() }), isEmpty: () => chosen.size === 0, required: env.required });
  return node;
}

function trigger(spec, env) {
  return h("button", {
    class: "field field-select", type: "button", "aria-haspopup": "listbox", "aria-expanded": "false", "aria-describedby": env.describedBy,
    dataset: { focus: `${env.blockId}/${env.actionId}`, action: env.actionId, name: env.label ?? spec.placeholder?.text ?? "Choose", ...(spec.focus_on_load ? { autofocus: "" } : {}) },
  });
}

function fillTrigger(node, labels, spec) {
  const placeholder = spec.placeholder?.text ?? "Choose an option";
  replace(node, labels.length ? h("span", { class: "field-value" }, labels.map(copy)) : h("span", { class: "field-placeholder" }, placeholder),
    h("span", { class: "btn-mark", "aria-hidden": "true" }, icon("warn", { size: 16 })), icon("chevron", { size: 16 }));
  node.setAttribute("aria-label", `${node.dataset.name}: ${labels.length ? node.querySelector(".field-value").textContent : "nothing chosen"}`);
}

function copy(label) {
  return label instanceof Node ? label.cloneNode(true) : label;
}

function sourceOf(spec, ctx, env) {
  const kind = spec.type.replace(/^multi_/, "");
  if (kind === "users_select") return usersSource(ctx);
  if (kind === "conversations_select") return channelSource(ctx, "selected_conversation", "initial_conversation", spec);
  if (kind === "channels_select") return channelSource(ctx, "selected_channel", "initial_channel", { filter: { include: ["public"] } });
  if (kind === "static_select") return staticSource(spec, ctx);
  return externalSource(spec, ctx, env);
}

function wrapped(option, ctx, k) {
  return {
    id: option.value ?? String(k), label: plainLabel(option.text, ctx), search: option.text?.text,
    hint: option.description ? plainLabel(option.description, ctx) : null, result: option,
  };
}

function grouped(from, ctx) {
  return from.option_groups
    ? from.option_groups.map((g) => ({ label: g.label?.text, options: g.options.map((option, k) => wrapped(option, ctx, k)) }))
    : [{ options: (from.options ?? []).map((option, k) => wrapped(option, ctx, k)) }];
}

// Options that the app is asked for with what was typed so far.
function externalSource(spec, ctx, env) {
  const action = { type: spec.type, block_id: env.blockId, action_id: env.actionId };
  return {
    key: "selected_option", initial: "initial_option", groups: () => [], find: (option) => (option ? wrapped(option, ctx, 0) : null),
    load: { shortest: spec.min_query_length ?? 3, ask: async (typed) => grouped(await ctx.suggest(action, typed), ctx) },
  };
}

function staticSource(spec, ctx) {
  const groups = grouped(spec, ctx);
  const all = groups.flatMap((g) => g.options);
  return { key: "selected_option", initial: "initial_option", groups: () => groups, find: (option) => all.find((o) => o.id === option?.value) ?? null };
}

function plainLabel(object, ctx) {
  return h("span", {}, textObject(object, ctx));
}

function usersSource(ctx) {
  const options = () => ctx.people().map((user) => ({
    id: user.id, label: user.real_name, search: `${user.real_name} ${user.title ?? ""}`, hint: user.title, lead: avatar(user, 24), result: user.id,
  }));
  return { key: "selected_user", initial: "initial_user", groups: () => [{ options: options() }], find: (id) => options().find((o) => o.id === id) ?? null };
}

function channelSource(ctx, key, initial, spec) {
  const include = spec.filter?.include;
  const kindOf = { channel: "public", private: "private", im: "im" };
  const options = () => ctx.channels().filter((c) => !include || include.includes(kindOf[c.kind])).map((c) => ({
    id: c.id, label: c.kind === "im" ? c.peer?.real_name ?? c.name : c.name, result: c.id,
    lead: icon(c.kind === "private" ? "lock" : c.kind === "im" ? "at" : "hash", { size: 16 }),
  }));
  return { key, initial, groups: () => [{ options: options() }], find: (id) => options().find((o) => o.id === id) ?? null };
}
