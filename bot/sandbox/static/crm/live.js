// Server-Sent Events of the CRM. After a gap everything on screen is fetched again.

const NAMES = ["change", "event_sent", "event_delivered", "fault"];
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 8000;

export class Live extends EventTarget {
  #source = null;
  #pause = FIRST_PAUSE_MS;
  #wasOpen = false;

  // A browser keeps few connections to one address: a window that nobody sees gives its own back.
  start() {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#close() : this.#open()));
    if (!document.hidden) this.#open();
    return this;
  }

  on(name, hear) {
    this.addEventListener(name, (event) => hear(event.detail));
    return this;
  }

  #open() {
    if (this.#source) return;
    const source = new EventSource("/crm/sim/stream");
    this.#source = source;
    source.onopen = () => {
      this.#pause = FIRST_PAUSE_MS;
      this.#tell("state", true);
      if (this.#wasOpen) this.#tell("gap");
      this.#wasOpen = true;
    };
    source.onerror = () => {
      this.#tell("state", false);
      if (source.readyState === EventSource.CLOSED) this.#again();
    };
    for (const name of NAMES) source.addEventListener(name, (event) => this.#heard(name, event.data));
  }

  #again() {
    this.#close();
    setTimeout(() => { if (!document.hidden) this.#open(); }, this.#pause);
    this.#pause = Math.min(this.#pause * 2, LAST_PAUSE_MS);
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  #heard(name, text) {
    try {
      this.#tell(name, JSON.parse(text));
    } catch {
      this.#tell("gap");
    }
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
