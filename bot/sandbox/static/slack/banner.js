// The slim line at the top: what this is, whether it is live, and the switches that break Slack.

import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { openPanel } from "./popover.js";

const SWITCHES = [
  ["down", "Slack is down", "Every call fails and the socket closes"],
  ["http_500", "Answers with errors", "The web API answers 500"],
  ["rate_limited", "Rate limited", "The web API answers 429 with Retry-After"],
  ["slow_api_ms", "Slow answers", "Every call takes four seconds"],
];
const SLOW_MS = 4000;

export class Banner {
  constructor(app) {
    this.app = app;
    this.state = h("span", { class: "banner-state", role: "status" });
    this.faults = h("button", { class: "banner-button", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => this.#open() });
    this.node = h("div", { class: "banner" }, h("span", { class: "banner-text" }, h("strong", {}, "Simulated Slack workspace"), h("span", { class: "banner-dot" }, " · "), h("span", { class: "banner-more" }, "nothing leaves this machine")), this.state, this.faults);
    this.update();
  }

  #active() {
    return SWITCHES.filter(([key]) => this.app.store.faults[key]);
  }

  update() {
    const { connection } = this.app.store;
    replace(this.state, connection === "live" ? null : [h("span", { class: "pulse" }), connection === "connecting" ? "Connecting…" : "Reconnecting…"]);
    const active = this.#active();
    this.faults.classList.toggle("on", active.length > 0);
    replace(this.faults, icon("plug", { size: 15 }), active.length ? active.map(([, label]) => label).join(", ") : "Break Slack");
  }

  #open() {
    const problem = h("p", { class: "menu-problem", role: "alert" });
    const rows = SWITCHES.map(([key, label, hint]) => {
      const box = h("input", { type: "checkbox", checked: Boolean(this.app.store.faults[key]) });
      box.addEventListener("change", async () => {
        replace(problem);
        try {
          await this.app.api.faults({ [key]: key === "slow_api_ms" ? (box.checked ? SLOW_MS : 0) : box.checked });
        } catch {
          box.checked = !box.checked;
          replace(problem, "The switch could not be changed.");
        }
      });
      return h("label", { class: "switch" }, box, h("span", { class: "choice-text" }, h("span", {}, label), h("span", { class: "choice-hint" }, hint)));
    });
    openPanel(this.faults, [h("div", { class: "menu-group" }, "What the app experiences"), rows, problem], { label: "Break Slack", minWidth: 280 });
  }
}
