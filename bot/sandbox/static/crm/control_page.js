// The control strip as a page of its own, made to stand in a narrow frame.

import * as api from "./api.js";
import { ControlStrip } from "./control.js";
import { el, show } from "./dom.js";
import { Live } from "./live.js";

async function open(panel) {
  try {
    const state = await api.state();
    const live = new Live();
    const strip = new ControlStrip({ live, state, linkTarget: "_blank" });
    show(panel, el("header", { class: "panel-head" }, el("span", { class: "badge simulated" }, "Simulated CRM"), el("h1", {}, "Make something happen"),
      el("a", { href: "/crm", target: "_blank", rel: "noopener" }, "Open the CRM")), strip.node);
    live.start();
    panel.dataset.ready = "true";
  } catch (error) {
    show(panel, el("p", { class: "problem", role: "alert" }, error.message), el("button", { type: "button", class: "button", onclick: () => open(panel) }, "Try again"));
  }
}

// A frame around the panel has a title of its own.
document.body.classList.toggle("is-framed", window.self !== window.top);
open(document.getElementById("panel"));
