// Sends what a person did with an element to the workspace; the control shows that it is waiting, or that it failed.

import { confirm } from "./dialog.js";

// Resolves to whether the action was sent.
export async function report(action, spec, ctx, env, node) {
  if (node.dataset.state === "pending") return false;
  if (spec.confirm && !(await confirm(spec.confirm, ctx))) return false;
  await ctx.act({ type: spec.type, action_id: env.actionId, block_id: env.blockId, ...action }, node);
  return true;
}

export function failed(node, text) {
  node.dataset.state = "failed";
  node.title = text;
}
