// Keyboard and screen reader behaviour that several parts of the page share.

const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]), textarea:not([disabled]), select:not([disabled]), [tabindex='0']";

export function announce(text) {
  const region = document.getElementById("live");
  const line = document.createElement("p");
  line.textContent = text;
  region.append(line);
  while (region.childElementCount > 4) region.firstElementChild.remove();
}

export function focusables(container) {
  return [...container.querySelectorAll(FOCUSABLE)].filter((node) => node.getClientRects().length > 0);
}

// Keeps Tab inside *container*; returns nothing, lives as long as the container.
export function trapFocus(container) {
  container.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const items = focusables(container);
    if (!items.length) return;
    const [first, last] = [items[0], items.at(-1)];
    const inside = container.contains(document.activeElement);
    if (event.shiftKey && (!inside || document.activeElement === first)) { event.preventDefault(); last.focus(); }
    else if (!event.shiftKey && (!inside || document.activeElement === last)) { event.preventDefault(); first.focus(); }
  });
}

// Arrow keys move between the items that *query* finds; one of them is in the tab order.
export function rovingFocus(container, query) {
  container.addEventListener("keydown", (event) => {
    const items = [...container.querySelectorAll(query)].filter((node) => node.getClientRects().length > 0);
    const index = items.indexOf(document.activeElement);
    if (index < 0) return;
    const step = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: items.length - 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    items[Math.max(0, Math.min(items.length - 1, step))].focus();
  });
}

// Runs *change*, which may replace nodes, and puts the focus back on the node with the same data-focus key.
export function keepFocus(container, change) {
  const active = document.activeElement;
  const held = container.contains(active) ? active : null;
  const key = held?.closest("[data-focus]")?.dataset.focus;
  const selection = held && "selectionStart" in held && held.type !== "checkbox" ? safeSelection(held) : null;
  change();
  if (!held || held.isConnected) return;
  const heir = key ? [...container.querySelectorAll("[data-focus]")].find((node) => node.dataset.focus === key) : null;
  const target = heir ?? container.closest("[tabindex]") ?? container;
  target.focus({ preventScroll: true });
  if (heir && selection && "setSelectionRange" in heir) {
    try { heir.setSelectionRange(...selection); } catch { /* this kind of input has no selection */ }
  }
}

function safeSelection(node) {
  try { return node.selectionStart === null ? null : [node.selectionStart, node.selectionEnd]; } catch { return null; }
}

export function calmMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
