// The control strip of the simulated CRM, in a panel. Absent when the CRM is.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const ADDRESS = "/crm/control";

export class Controls {
  constructor(app) {
    this.app = app;
    this.node = h("section", { class: "panel controls-panel", "aria-label": "Demo controls", hidden: true });
  }

  async discover() {
    const response = await fetch(ADDRESS, { cache: "no-store" }).catch(() => null);
    this.available = Boolean(response?.ok);
    this.app.sidebar.controls.hidden = !this.available;
    this.app.view?.update?.({});
  }

  open() {
    if (this.node.hidden) this.toggle();
  }

  toggle() {
    this.node.hidden = !this.node.hidden;
    this.app.sidebar.controls.setAttribute("aria-pressed", String(!this.node.hidden));
    this.app.layout();
    if (!this.node.hidden && !this.node.childElementCount) {
      this.node.append(h("header", { class: "panel-head" }, h("div", {}, h("h2", {}, "Demo controls"), h("div", { class: "panel-sub" }, "Make something happen in the CRM")),
        h("button", { class: "tool", type: "button", "aria-label": "Close the demo controls", onclick: () => this.toggle() }, icon("close"))),
      h("iframe", { src: ADDRESS, title: "Controls of the simulated CRM" }));
    }
    if (!this.node.hidden) this.app.toggleSidebar(false);
  }
}
