// "Countersign is reading the record...": the assistant's status line.

import { h, replace } from "./dom.js";

const ROTATE_MS = 2600;

export class StatusLine {
  constructor(app, accepts) {
    this.app = app;
    this.accepts = accepts;
    this.node = h("div", { class: "status-line", role: "status" });
    this.turn = 0;
  }

  update() {
    const shown = [...this.app.store.statuses.values()].find((s) => this.accepts(s));
    const key = JSON.stringify(shown ?? null);
    if (key === this.key) return;
    this.key = key;
    clearInterval(this.timer);
    this.turn = 0;
    if (!shown) { replace(this.node); return; }
    const text = h("span", { class: "status-text" }, this.#line(shown));
    replace(this.node, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), text);
    if (shown.loading.length > 1) {
      this.timer = setInterval(() => { this.turn += 1; text.textContent = this.#line(shown); }, ROTATE_MS);
    }
  }

  #line({ status, loading }) {
    const text = loading.length ? loading[this.turn % loading.length] : status;
    const name = this.app.store.bot?.real_name ?? "The app";
    return /^(is|has|was|are)\b/i.test(text) ? `${name} ${text}` : text.toLowerCase().startsWith(name.toLowerCase()) ? text : `${name}: ${text}`;
  }

  dispose() {
    clearInterval(this.timer);
  }
}
