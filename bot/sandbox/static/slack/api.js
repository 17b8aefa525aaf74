// The page's API of the simulated workspace. Every write carries the X-Sim header.

const REASONS = {
  channel_not_found: "You are not a member of this conversation.",
  message_not_found: "This message is no longer there.",
  thread_not_found: "This thread is no longer there.",
  element_not_found: "This button or field is no longer there; the message has changed.",
  view_not_found: "This dialog is no longer open.",
  user_not_found: "There is no such person in this workspace.",
  no_options: "The app did not answer. Type again in a moment.",
  invalid_options: "What the app offers cannot be shown.",
  no_text: "The message is empty.",
  host_not_allowed: "This page only works under a loopback address.",
};

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class Api {
  constructor(as) {
    this.as = as;
  }

  async get(path, params = {}) {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries({ as: this.as, ...params })) {
      if (value !== undefined && value !== null && value !== "") query.set(key, value);
    }
    return this.#read(await fetch(`/sim/${path}?${query}`, { headers: { Accept: "application/json" }, cache: "no-store" }));
  }

  async post(path, body) {
    const response = await fetch(`/sim/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Sim": "1" },
      body: JSON.stringify({ as: this.as, ...body }),
    });
    return this.#read(response);
  }

  async #read(response) {
    const data = await response.json().catch(() => ({}));
    if (!response.ok || (data.ok === false && data.error)) {
      throw new ApiError(response.status, REASONS[data.error] ?? `The workspace refused that (${data.error ?? response.status}).`);
    }
    return data;
  }

  boot() { return this.get("boot"); }

  history(channel, before) { return this.get("history", { channel, before, limit: 50 }); }

  thread(channel, threadTs) { return this.get("thread", { channel, thread_ts: threadTs }); }

  home() { return this.get("home"); }

  message(channel, text, threadTs) { return this.post("act/message", { channel, text, ...(threadTs ? { thread_ts: threadTs } : {}) }); }

  command(channel, command, text, threadTs) {
    return this.post("act/command", { channel, command, text, ...(threadTs ? { thread_ts: threadTs } : {}) });
  }

  block(payload) { return this.post("act/block", payload); }

  viewSubmit(viewId, values) { return this.post("act/view_submit", { view_id: viewId, state: { values } }); }

  viewClose(viewId) { return this.post("act/view_close", { view_id: viewId }); }

  suggest(payload) { return this.post("act/suggest", payload); }

  shortcut(payload) { return this.post("act/shortcut", payload); }

  read(channel) { return this.post("act/read", { channel }); }

  faults(change) { return this.post("faults", change); }
}
