// The live connection: Server-Sent Events with reconnect; what is on screen is fetched again at each connection, the first too:
// something may have arrived between the page's own first look and that.

const NAMES = [
  "message", "message_changed", "message_deleted", "ephemeral_removed", "view_opened", "view_updated", "view_pushed",
  "view_closed", "view_errors", "home", "status", "unread", "problem", "faults", "prompts",
];
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;

export class Stream {
  constructor(url, { onEvent, onState, onGap }) {
    this.url = url;
    this.onEvent = onEvent;
    this.onState = onState;
    this.onGap = onGap;
    this.retry = FIRST_RETRY_MS;
  }

  start() {
    const source = new EventSource(this.url);
    this.source = source;
    source.onopen = () => {
      this.retry = FIRST_RETRY_MS;
      this.onState("live");
      this.onGap();
    };
    source.onerror = () => {
      this.onState("reconnecting");
      if (source.readyState === EventSource.CLOSED) this.#later();
    };
    for (const name of NAMES) source.addEventListener(name, (event) => this.#deliver(name, event.data));
  }

  #deliver(name, data) {
    let parsed;
    try { parsed = JSON.parse(data); } catch { return; }
    this.onEvent(name, parsed);
  }

  #later() {
    this.source.close();
    setTimeout(() => this.start(), this.retry);
    this.retry = Math.min(this.retry * 2, LAST_RETRY_MS);
  }

  stop() {
    this.source?.close();
  }
}
