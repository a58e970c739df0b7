/** Elements made of texts. There is no way from here to HTML that is read out of a text. */

/**
 * @typedef {string | number | Node | null | undefined | false} Child
 */

/**
 * An element with attributes, listeners (`onclick: f`) and children; texts stay texts.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props] `undefined`, `null` and `false` are left out.
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) {
      if (typeof value === "function") element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...visible(children));
  return element;
}

/**
 * Give an element other children.
 *
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...visible(children));
}

/**
 * @param {Child[]} children
 * @returns {(string | Node)[]}
 */
function visible(children) {
  /** @type {(string | Node)[]} */
  const shown = [];
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === "") continue;
    shown.push(typeof child === "number" ? String(child) : child);
  }
  return shown;
}

/**
 * A button with a label, and a longer title if it has one.
 *
 * @param {string} label
 * @param {(event: MouseEvent) => void} onclick
 * @param {Record<string, any>} [props]
 */
export function button(label, onclick, props = {}) {
  return h("button", { type: "button", onclick, ...props }, label);
}

/**
 * A choice of one among several.
 *
 * @param {string} label For those who do not see it.
 * @param {[string, string][]} options Value and what is shown.
 * @param {string} value
 * @param {(value: string) => void} onchange
 */
export function select(label, options, value, onchange) {
  const element = h("select", { "aria-label": label, title: label });
  for (const [key, text] of options) element.append(h("option", { value: key }, text));
  element.value = value;
  element.addEventListener("change", () => onchange(element.value));
  return element;
}

/**
 * A link to where something came from, or null if its address is not one of the web.
 *
 * @param {string} address
 * @param {string} label
 */
export function sourceLink(address, label) {
  if (!isWebAddress(address)) return null;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}

/**
 * Whether an untrusted text may become a link.
 *
 * @param {string} address
 */
export function isWebAddress(address) {
  if (!/^https?:\/\//i.test(address)) return false;
  try {
    return ["http:", "https:"].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}
