/** An element of ours under a node's inputs, in either renderer. */

import { h } from "./dom.js";
import { outputKey } from "./graph.js";
import { rootGraph } from "./host.js";

/** @typedef {import("./host_types.js").GraphNode} GraphNode */

/** @type {Map<string, HTMLElement>} */
const shown = new Map();

/**
 * Add the element. It is no input: nothing of it is saved or run.
 *
 * @param {GraphNode} node
 * @param {string} name
 * @param {string} label For those who do not see it.
 * @param {() => number} heightPx The least.
 */
export function addPanel(node, name, label, heightPx) {
  const element = h("div", {
    class: "polaris polaris-panel",
    role: "region",
    "aria-label": label,
    tabindex: 0,
    "data-capture-wheel": "true",
  });
  const options = { serialize: false, hideOnZoom: false, getMinHeight: heightPx };
  const widget = node.addDOMWidget?.(name, "polaris", element, options);
  if (widget) widget.serialize = false;
  return element;
}

/**
 * Put the element where that of the same node stood before an undo: one renderer keeps the old one.
 *
 * @param {GraphNode} node
 * @param {HTMLElement} element
 */
export function takePlace(node, element) {
  const key = outputKey(node, rootGraph());
  const before = shown.get(key);
  if (before && before !== element && before.isConnected) before.replaceWith(element);
  shown.set(key, element);
}

/**
 * Make a node as large as its content needs.
 *
 * @param {GraphNode} node
 * @param {number} [widthPx]
 */
export function grow(node, widthPx = 0) {
  const least = node.computeSize?.() ?? node.size;
  const width = Math.max(node.size[0], least[0], widthPx);
  const height = Math.max(node.size[1], least[1]);
  if (width !== node.size[0] || height !== node.size[1]) node.setSize?.([width, height]);
  node.setDirtyCanvas?.(true, true);
}
