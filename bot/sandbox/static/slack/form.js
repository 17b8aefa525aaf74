// The values of the inputs of one message, modal or Home tab, in the shape of view.state.values.

export class Form {
  constructor(kept = {}) {
    this.kept = kept;
    this.fields = new Map();
  }

  add(blockId, actionId, field) {
    this.fields.set(`${blockId}/${actionId}`, { blockId, actionId, ...field });
  }

  // What was entered before the surface was drawn again, if this input is still the same one.
  keptState(blockId, actionId, type) {
    const state = this.kept[blockId]?.[actionId];
    return state?.type === type ? state : null;
  }

  values() {
    const values = {};
    for (const { blockId, actionId, read } of this.fields.values()) {
      values[blockId] ??= {};
      values[blockId][actionId] = read();
    }
    return values;
  }

  // Inputs that must be answered and are not: {block_id: text}.
  missing() {
    const errors = {};
    for (const field of this.fields.values()) {
      if (field.required && field.isEmpty()) errors[field.blockId] = "Please complete this required field.";
      else {
        const problem = field.problem?.();
        if (problem) errors[field.blockId] = problem;
      }
    }
    return errors;
  }
}
