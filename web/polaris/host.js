/** ComfyUI's page, reached in one place. */

// @ts-expect-error served by the host, above our own folder
import { app as hostApp } from "../../../scripts/app.js";
// @ts-expect-error served by the host, above our own folder
import { api as hostApi } from "../../../scripts/api.js";

/** @typedef {import("./host_types.js").GraphNode} GraphNode */

/** @type {import("./host_types.js").App} */
export const app = hostApp;
/** @type {import("./host_types.js").Api} */
export const api = hostApi;

/** The outermost graph, whichever one is looked at. */
export function rootGraph() {
  return app.rootGraph ?? app.graph;
}

/**
 * Show a message in the corner.
 *
 * @param {"success" | "info" | "warn" | "error"} severity
 * @param {string} summary
 * @param {string} [detail]
 */
export function toast(severity, summary, detail = "") {
  const life = severity === "error" ? 12000 : 6000;
  app.extensionManager.toast.add({ severity, summary, detail, life });
}

/**
 * The value of a setting; `fallback` while it has none.
 *
 * @param {string} id
 * @param {string} fallback
 * @returns {string}
 */
export function setting(id, fallback) {
  const value = app.extensionManager.setting.get(id);
  return typeof value === "string" ? value : fallback;
}

/**
 * A new node of the host's or ours; null if there is no such class.
 *
 * @param {string} type
 * @returns {GraphNode | null}
 */
export function createNode(type) {
  const { LiteGraph } = /** @type {any} */ (globalThis);
  return LiteGraph.createNode(type) ?? null;
}

/**
 * Change the graph so that one undo takes all of it back.
 *
 * @template T
 * @param {() => T} change
 * @returns {T}
 */
export function inOneStep(change) {
  app.canvas.emitBeforeChange();
  try {
    return change();
  } finally {
    app.canvas.emitAfterChange();
    app.canvas.setDirty(true, true);
  }
}
