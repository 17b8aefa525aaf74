// Dialog frames on top of the native <dialog>, and the confirmation that Block Kit's confirm objects ask for.

import { focusables, trapFocus } from "./a11y.js";
import { h, uid } from "./dom.js";
import { textObject } from "./mrkdwn.js";

export function openDialog({ className, labelledBy, onCancel }) {
  const origin = document.activeElement;
  const dialog = h("dialog", { class: `dialog ${className}`, "aria-labelledby": labelledBy });
  document.body.append(dialog);
  trapFocus(dialog);
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); onCancel(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) { event.preventDefault(); event.stopPropagation(); onCancel(); }
  });
  dialog.showModal();
  return {
    dialog,
    focusFirst() {
      const wanted = dialog.querySelector("[data-autofocus]") ?? focusables(dialog).find((n) => !n.classList.contains("dialog-close"));
      (wanted ?? focusables(dialog)[0])?.focus();
    },
    close() {
      dialog.close();
      dialog.remove();
      if (origin?.isConnected) origin.focus();
    },
  };
}

// Resolves to true when the person confirms.
export function confirm(confirmObject, ctx) {
  return new Promise((resolve) => {
    const titleId = uid("confirm");
    const done = (answer) => { frame.close(); resolve(answer); };
    const frame = openDialog({ className: "confirm", labelledBy: titleId, onCancel: () => done(false) });
    const danger = confirmObject.style === "danger";
    frame.dialog.append(
      h("h2", { id: titleId, class: "dialog-title" }, textObject(confirmObject.title, ctx)),
      h("div", { class: "confirm-text" }, textObject(confirmObject.text, ctx)),
      h("div", { class: "dialog-buttons" },
        h("button", { class: "btn", type: "button", onclick: () => done(false) }, textObject(confirmObject.deny, ctx) ?? "Cancel"),
        h("button", { class: `btn ${danger ? "btn-danger-solid" : "btn-primary"}`, type: "button", dataset: { autofocus: "" }, onclick: () => done(true) },
          textObject(confirmObject.confirm, ctx) ?? "Yes")));
    frame.focusFirst();
  });
}
