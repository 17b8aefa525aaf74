// Builds nodes. What comes from a record is only ever text: nothing here parses HTML.

const SVG_SPACE = "http://www.w3.org/2000/svg";

export const el = (name, attributes, ...children) => dressed(document.createElement(name), attributes, children);
export const svg = (name, attributes, ...children) => dressed(document.createElementNS(SVG_SPACE, name), attributes, children);

function dressed(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  return add(node, children);
}

export function add(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

export function show(node, ...children) {
  node.replaceChildren();
  return add(node, children);
}

let count = 0;
export const newId = (prefix) => `${prefix}-${(count += 1)}`;

export function say(text) {
  document.getElementById("live").textContent = text;
}
