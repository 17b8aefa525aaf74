// The page of the simulated CRM: wires the list, the record, the control strip and the live stream together.

import * as api from "./api.js";
import { ControlStrip } from "./control.js";
import { el, show } from "./dom.js";
import { campaigns, stories } from "./home.js";
import { DonorList } from "./list.js";
import { Live } from "./live.js";
import { RecordPage } from "./record.js";

const PHONE = "(max-width: 899px)";
const LIST_PAUSE_MS = 600;
const KEPT_OPEN = "crm-control-open";

class Page {
  #record = null;
  #listTimer = 0;

  constructor(root, state) {
    this.root = root;
    this.state = state;
    this.live = new Live();
    this.strip = new ControlStrip({ live: this.live, state });
    this.list = new DonorList({ state, onOpen: (id) => this.go(`/crm/donors/${encodeURIComponent(id)}`) });
    this.main = el("main", { id: "main", class: "main" });
    this.connection = el("span", { class: "connection", role: "status" });
    show(root, this.#top(), this.#control(), el("div", { class: "body" }, this.list.node, this.main));
    root.dataset.ready = "true";
  }

  start() {
    this.live.on("state", (isLive) => this.#connected(isLive)).on("change", (change) => this.#changed(change)).on("gap", () => this.#everything())
      .on("event_sent", (event) => this.#event(event.subject)).on("event_delivered", (told) => this.#event(told.subject)).start();
    document.addEventListener("click", (event) => this.#followed(event));
    window.addEventListener("popstate", () => this.#route());
    this.#connected(false);
    this.#route();
  }

  go(address) {
    history.pushState(null, "", address);
    this.#route({ isMoved: true });
  }

  #top() {
    this.links = { donors: el("a", { href: "/crm" }, "Donors"), campaigns: el("a", { href: "/crm#campaigns" }, "Campaigns") };
    return el("header", { class: "top" }, el("span", { class: "badge simulated" }, "Simulated CRM"), el("span", { class: "top-name" }, this.state.name), el("nav", { "aria-label": "Sections" }, this.links.donors, this.links.campaigns), this.connection);
  }

  #control() {
    const isOpen = sessionStorage.getItem(KEPT_OPEN) ?? String(!window.matchMedia(PHONE).matches);
    const strip = el("details", { class: "strip", open: isOpen === "true" }, el("summary", {}, "Make something happen"), this.strip.node);
    strip.addEventListener("toggle", () => sessionStorage.setItem(KEPT_OPEN, String(strip.open)));
    return strip;
  }

  #connected(isLive) {
    this.connection.className = `connection ${isLive ? "is-live" : "is-waiting"}`;
    this.connection.textContent = isLive ? "Live" : "Connecting…";
  }

  #followed(event) {
    const link = event.target.closest?.("a[href^='/crm']");
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || link.target || !isPlain || link.pathname.startsWith("/crm/control")) return;
    event.preventDefault();
    this.go(link.getAttribute("href"));
  }

  #route({ isMoved = false } = {}) {
    const id = location.pathname.match(/^\/crm\/donors\/([^/]+)\/?$/)?.[1];
    const isCampaigns = !id && location.hash === "#campaigns";
    this.#record?.close();
    this.#record = null;
    this.root.dataset.view = id || isCampaigns ? "record" : "list";
    this.list.mark(id ? decodeURIComponent(id) : null);
    this.#current(isCampaigns);
    if (id) this.#openRecord(decodeURIComponent(id));
    else show(this.main, isCampaigns && this.#back(), isCampaigns ? campaigns(this.state) : stories(this.state));
    document.title = isCampaigns ? "Campaigns – Simulated CRM" : "Simulated CRM";
    if (isMoved) this.#arrive();
  }

  #current(isCampaigns) {
    for (const [name, link] of Object.entries(this.links)) {
      if ((name === "campaigns") === isCampaigns) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  #openRecord(id) {
    const at = decodeURIComponent(location.hash.slice(1));
    const record = new RecordPage({ id, today: this.state.today, at, onLoaded: (donor) => this.#opened(record, donor) });
    this.#record = record;
    show(this.main, this.#back(), record.node);
    record.open();
  }

  #opened(record, donor) {
    if (record !== this.#record) return;
    document.title = `${donor.name} – Simulated CRM`;
    this.strip.aim(donor);
    record.node.querySelector("h1")?.focus({ preventScroll: true });
  }

  #back() {
    return el("a", { class: "back", href: "/crm" }, "‹ All donors");
  }

  #arrive() {
    this.main.scrollTop = 0;
    if (window.matchMedia(PHONE).matches) window.scrollTo(0, 0);
    this.main.querySelector("h1")?.focus({ preventScroll: true });
  }

  #changed(change) {
    if (this.#record?.concerns(change)) this.#record.refreshSoon();
    if (change.kind === "Campaign") this.#campaigns();
    if (["Donor", "Gift", "Pledge", "RecurringGift"].includes(change.kind)) this.#listSoon();
  }

  #event(subject) {
    if (subject === this.#record?.id) this.#record.refreshSoon();
  }

  async #campaigns() {
    this.state = await api.state().catch(() => this.state);
    if (!this.#record && location.hash === "#campaigns") show(this.main, this.#back(), campaigns(this.state));
  }

  #everything() {
    this.#record?.refreshSoon();
    this.#listSoon();
    this.#campaigns();
  }

  #listSoon() {
    clearTimeout(this.#listTimer);
    this.#listTimer = setTimeout(() => this.list.refresh(), LIST_PAUSE_MS);
  }
}

async function open(root) {
  try {
    const page = new Page(root, await api.state());
    page.start();
  } catch (error) {
    show(root, el("div", { class: "notice centred" }, el("h1", {}, "The simulated CRM is not there"), el("p", { role: "alert" }, error.message), el("button", { type: "button", class: "button primary", onclick: () => open(root) }, "Try again")));
  }
}

open(document.getElementById("app"));
