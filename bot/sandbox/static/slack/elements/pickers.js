// Date and time pickers, on the browser's own controls.

import { h } from "../dom.js";
import { report } from "../interaction.js";

export function datePicker(spec, ctx, env) {
  const kept = ctx.form.keptState(env.blockId, env.actionId, spec.type);
  return picker(spec, ctx, env, "date", kept ? kept.selected_date : spec.initial_date, (v) => ({ selected_date: v || null }));
}

export function timePicker(spec, ctx, env) {
  const kept = ctx.form.keptState(env.blockId, env.actionId, spec.type);
  const zone = spec.timezone ?? ctx.calendar.tz;
  return picker(spec, ctx, env, "time", kept ? kept.selected_time : spec.initial_time, (v) => ({ selected_time: v || null, timezone: zone }));
}

export function dateTimePicker(spec, ctx, env) {
  const kept = ctx.form.keptState(env.blockId, env.actionId, spec.type);
  const seconds = kept ? kept.selected_date_time : spec.initial_date_time;
  const initial = seconds ? wallClock(new Date(seconds * 1000), ctx.calendar.tz) : "";
  return picker(spec, ctx, env, "datetime-local", initial, (v) => ({ selected_date_time: v ? instant(v, ctx.calendar.tz) : null }));
}

function picker(spec, ctx, env, type, initial, state) {
  const input = h("input", {
    class: "field field-picker", type, value: initial ?? "", "aria-label": env.label ?? spec.placeholder?.text ?? type,
    "aria-describedby": env.describedBy, dataset: { focus: `${env.blockId}/${env.actionId}`, ...(spec.focus_on_load ? { autofocus: "" } : {}) },
  });
  ctx.form.add(env.blockId, env.actionId, {
    read: () => ({ type: spec.type, ...state(input.value) }), isEmpty: () => !input.value, required: env.required,
    problem: () => (input.validity.badInput ? "Please enter a complete date." : null),
  });
  if (env.dispatches) input.addEventListener("change", () => report(state(input.value), spec, ctx, env, input));
  return input;
}

function wallClock(date, tz) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-CA", {
    timeZone: tz, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }).formatToParts(date).map((p) => [p.type, p.value]));
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

// Seconds since 1970 of a wall clock time in *tz*; a second look settles the hour around a clock change.
export function instant(local, tz) {
  const wanted = Date.parse(`${local}:00Z`);
  let guess = wanted;
  for (let round = 0; round < 2; round += 1) {
    guess += wanted - Date.parse(`${wallClock(new Date(guess), tz)}:00Z`);
  }
  return Math.round(guess / 1000);
}
