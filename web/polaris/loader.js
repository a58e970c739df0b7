/** From a card to a node on the canvas: by double-click, by Enter, or dragged there. */

import { getLoader } from "./api.js";
import { classOf, RETRIEVERS } from "./graph.js";
import { app, createNode, inOneStep, toast } from "./host.js";
import { changePins, pinsPlace } from "./pins.js";
import { t } from "./text.js";

/**
 * @typedef {import("./host_types.js").GraphNode} GraphNode
 */

/** What a dragged card is known by. */
export const DRAG_TYPE = "application/x-polaris-entry";

const STEP_PX = 40;

/**
 * Add the node that loads an entry.
 *
 * @param {number} entry
 * @param {[number, number]} [place] On the canvas; without one its middle.
 */
export async function addLoader(entry, place) {
  try {
    const loader = await getLoader(entry);
    const node = createNode(loader.node);
    if (!node) throw new Error(t("no_such_node", { node: loader.node }));
    inOneStep(() => {
      node.pos = place ?? beside(middle());
      node.title = loader.title;
      app.canvas.graph?.add?.(node);
      for (const widget of node.widgets ?? []) {
        const value = loader.widgets[widget.name];
        if (value === undefined) continue;
        widget.value = value;
        widget.callback?.(value);
      }
    });
    app.canvas.selectNode(node);
    toast("success", t("node_added", { name: loader.title }));
  } catch (error) {
    tell(error);
  }
}

/**
 * Pin an entry in a retriever.
 *
 * @param {number} entry
 * @param {GraphNode} node
 */
export async function pinIn(entry, node) {
  if (!pinsPlace(node)) return toast("warn", t("pins_connected"));
  try {
    await changePins(() => pinsPlace(node), { action: "pin", entry, slot: null, strength: null });
    toast("success", t("pinned_in", { node: node.title ?? classOf(node) }));
  } catch (error) {
    tell(error);
  }
}

/** The one retriever that is selected; null if there are none or several. */
export function selectedRetriever() {
  const nodes = Object.values(app.canvas.selected_nodes ?? {});
  const retrievers = nodes.filter((node) => RETRIEVERS.has(classOf(node)));
  return retrievers.length === 1 ? (retrievers[0] ?? null) : null;
}

/** Take cards that are dropped on the canvas; on a retriever they are pinned. */
export function acceptDrops() {
  document.addEventListener("dragover", (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  }, true);
  document.addEventListener("drop", (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const entry = Number(event.dataTransfer?.getData(DRAG_TYPE));
    if (!Number.isSafeInteger(entry) || entry < 1) return;
    const place = app.canvas.convertEventToCanvasOffset(event);
    const under = app.canvas.graph?.getNodeOnPos?.(place[0], place[1]);
    if (under && RETRIEVERS.has(classOf(under))) void pinIn(entry, under);
    else void addLoader(entry, [place[0], place[1]]);
  }, true);
}

/** What lies on the canvas, in either renderer; the panels around it lie in the same container. */
const ON_CANVAS = "#graph-canvas, [data-node-id], .dom-widget, [data-testid='transform-pane']";

/** @param {DragEvent} event */
function isOurs(event) {
  const { dataTransfer, target } = event;
  if (!dataTransfer?.types.includes(DRAG_TYPE) || !(target instanceof Element)) return false;
  return Boolean(target.closest(ON_CANVAS));
}

/** @returns {[number, number]} */
function middle() {
  const box = app.canvas.canvas.getBoundingClientRect();
  const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
  const [x, y] = app.canvas.convertEventToCanvasOffset(at);
  return [x, y];
}

/**
 * Where no other node begins: several that are added one after the other lie like steps.
 *
 * @param {[number, number]} place
 * @returns {[number, number]}
 */
function beside([x, y]) {
  const others = (app.canvas.graph?.nodes ?? []).map(({ pos }) => pos);
  let at = 0;
  const taken = () =>
    others.some((pos) => Math.hypot(pos[0] - x - at, pos[1] - y - at) < STEP_PX / 2);
  while (taken()) at += STEP_PX;
  return [x + at, y + at];
}

/** @param {any} error */
function tell(error) {
  toast("error", String(error?.message ?? error), String(error?.hint ?? ""));
}
