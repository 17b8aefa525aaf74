// Modals: a stack of views in one dialog.

import { keepFocus } from "./a11y.js";
import { Form } from "./form.js";
import { h, replace, uid } from "./dom.js";
import { icon } from "./icons.js";
import { openDialog } from "./dialog.js";
import { renderBlocks } from "./blocks/index.js";
import { textObject } from "./mrkdwn.js";

const TROUBLE = "We had some trouble connecting. Try again?";

export class Modals {
  constructor(app) {
    this.app = app;
    this.views = [];
  }

  get top() {
    return this.views.at(-1) ?? null;
  }

  // The views that were open when the page was left.
  restore(views) {
    this.views = views.map((view) => ({ view, form: new Form() }));
    this.#draw(true);
  }

  open(view) {
    if (this.#find(view.id)) { this.update(view); return; }
    this.views = [{ view, form: new Form() }];
    this.#draw(true);
  }

  push(view) {
    if (this.#find(view.id)) { this.update(view); return; }
    this.views.push({ view, form: new Form() });
    this.#draw(true);
  }

  update(view) {
    const entry = this.#find(view.id);
    if (!entry) return;
    Object.assign(entry, { view, problem: null });
    if (entry === this.top) this.#draw(false);
  }

  remove(viewId) {
    if (!this.#find(viewId)) return;
    this.views = this.views.filter((entry) => entry.view.id !== viewId);
    this.#draw(true);
  }

  clear() {
    this.views = [];
    this.#draw(true);
  }

  showErrors(viewId, errors) {
    const entry = this.#find(viewId);
    if (!entry || entry !== this.top) return;
    this.#markErrors(errors ?? {});
  }

  showProblem(text) {
    if (!this.top) return false;
    this.top.problem = text;
    this.#drawProblem();
    return true;
  }

  #find(viewId) {
    return this.views.find((entry) => entry.view.id === viewId);
  }

  #draw(refocus) {
    if (!this.top) { this.frame?.close(); this.frame = null; return; }
    if (!this.frame) {
      this.titleId = uid("modal");
      this.frame = openDialog({ className: "modal", labelledBy: this.titleId, onCancel: () => this.back() });
    }
    const { view } = this.top;
    this.top.form = new Form(this.top.form.values());
    const ctx = this.app.context({ surface: "modal", form: this.top.form, target: { view_id: view.id } });
    const scrolled = this.body?.scrollTop ?? 0;
    keepFocus(this.frame.dialog, () => {
      this.problem = h("div", { class: "modal-problem", role: "alert" });
      this.body = h("div", { class: "modal-body" }, this.problem, renderBlocks(view.blocks, ctx));
      replace(this.frame.dialog, h("form", { class: "modal-form", novalidate: true, onsubmit: (event) => { event.preventDefault(); this.submit(); } },
        this.#head(view, ctx), this.body, this.#foot(view, ctx)));
    });
    this.#drawProblem();
    this.#showBusy();
    if (refocus) this.frame.focusFirst();
    else this.body.scrollTop = scrolled;
  }

  #head(view, ctx) {
    return h("header", { class: "modal-head" },
      this.views.length > 1 ? h("button", { class: "tool dialog-close", type: "button", "aria-label": "Back", onclick: () => this.back() }, icon("left")) : null,
      h("h2", { id: this.titleId, class: "dialog-title" }, textObject(view.title, ctx)),
      h("button", { class: "tool dialog-close", type: "button", "aria-label": "Close", onclick: () => this.back() }, icon("close")));
  }

  #foot(view, ctx) {
    const hasInput = (view.blocks ?? []).some((b) => b.type === "input");
    if (!view.submit && !view.close && !hasInput) return null;
    this.submitButton = view.submit || hasInput ? h("button", { class: "btn btn-primary", type: "submit" }, h("span", { class: "btn-label" }, view.submit ? textObject(view.submit, ctx) : "Submit")) : null;
    return h("footer", { class: "modal-foot" },
      h("button", { class: "btn", type: "button", onclick: () => this.back() }, view.close ? textObject(view.close, ctx) : "Cancel"), this.submitButton);
  }

  #drawProblem() {
    if (!this.top) return;
    replace(this.problem, this.top.problem ? [icon("error", { size: 18 }), h("span", {}, this.top.problem)] : null);
  }

  #markErrors(errors) {
    let first = null;
    const unplaced = [];
    for (const place of this.body.querySelectorAll(".input-block")) {
      const text = errors[place.dataset.block];
      place.classList.toggle("invalid", Boolean(text));
      place.querySelector(".input-error").textContent = text ?? "";
      for (const field of place.querySelectorAll("input, textarea, button.field")) field.toggleAttribute("aria-invalid", Boolean(text));
      if (text) first ??= place;
    }
    for (const [blockId, text] of Object.entries(errors)) if (![...this.body.querySelectorAll(".input-block")].some((p) => p.dataset.block === blockId)) unplaced.push(text);
    this.top.problem = unplaced.length ? unplaced.join(" ") : null;
    this.#drawProblem();
    first?.scrollIntoView({ block: "center" });
    first?.querySelector("input, textarea, button.field")?.focus();
  }

  async submit() {
    const entry = this.top;
    if (!entry || entry.busy) return;
    const missing = entry.form.missing();
    this.#markErrors(missing);
    if (Object.keys(missing).length) return;
    this.#setBusy(entry, true);
    try {
      const answer = await this.app.api.viewSubmit(entry.view.id, entry.form.values());
      this.#answered(entry, answer);
    } catch (error) {
      entry.problem = error.status ? error.message || TROUBLE : TROUBLE;
      this.#drawProblem();
    } finally {
      this.#setBusy(entry, false);
    }
  }

  #answered(entry, answer) {
    const action = answer.response_action ?? null;
    if (answer.ok === false && !action) { entry.problem = answer.problem ?? TROUBLE; this.#drawProblem(); return; }
    if (action === "errors") this.#markErrors(answer.errors ?? {});
    else if (action === "update" && answer.view) this.#swap(entry, answer.view);
    else if (action === "push" && answer.view) this.push(answer.view);
    else if (action === "clear") this.clear();
    else this.remove(entry.view.id);
  }

  // response_action "update" may answer with the view under a new id.
  #swap(entry, view) {
    if (this.#find(view.id)) { this.update(view); return; }
    Object.assign(entry, { view, problem: null });
    if (entry === this.top) this.#draw(false);
  }

  #setBusy(entry, busy) {
    entry.busy = busy;
    this.#showBusy();
  }

  // Whether the view on top waits for an answer: another one may have come to lie above the one that was sent.
  #showBusy() {
    const busy = Boolean(this.top?.busy);
    this.frame?.dialog.classList.toggle("busy", busy);
    if (!this.submitButton?.isConnected) return;
    this.submitButton.dataset.state = busy ? "pending" : "";
    this.submitButton.setAttribute("aria-busy", String(busy));
  }

  // Esc, Cancel and the cross: one view back, and the app is told.
  back() {
    const entry = this.top;
    if (!entry || entry.busy) return;
    this.app.api.viewClose(entry.view.id).catch(() => {});
    this.remove(entry.view.id);
  }
}
