/** Pin, ban and strength of the cards in a node, written into its ordinary input `pins`. */

import { readPins } from "./api.js";
import { nearestWith, placeOf, write } from "./graph.js";
import { inOneStep, rootGraph } from "./host.js";

/**
 * @typedef {import("./graph.js").Place} Place
 * @typedef {import("./host_types.js").GraphNode} GraphNode
 * @typedef {import("./types.js").PinEdit} PinEdit
 * @typedef {import("./types.js").PinState} PinState
 */

/**
 * Where the pins of a node's cards are written; null if they cannot be.
 *
 * @param {GraphNode} node
 * @returns {Place | null}
 */
export function pinsPlace(node) {
  const root = rootGraph();
  if (node.widgets?.some((one) => one.name === "pins")) return placeOf(node, "pins", root);
  const source = nearestWith(node, "shortlist", "pins", root);
  return source && placeOf(source, "pins", root);
}

/**
 * What the pins say of entries.
 *
 * @param {Place} place
 * @param {number[]} entries
 * @returns {Promise<Record<string, PinState>>}
 */
export async function pinStates(place, entries) {
  if (!entries.length) return {};
  const reply = await readPins(String(place.widget.value ?? ""), entries.slice(0, 200));
  return reply.states;
}

const TRIES = 3;
/** @type {Promise<unknown>} */
let last = Promise.resolve();

/**
 * Change a line of the pins. Clicks wait for one another, so that none is lost.
 *
 * @param {() => Place | null} findPlace
 * @param {PinEdit} edit
 * @param {number[]} [entries] Whose states are asked for besides.
 * @returns {Promise<Record<string, PinState>>}
 */
export function changePins(findPlace, edit, entries = []) {
  const next = last.catch(() => undefined).then(() => change(findPlace, edit, entries));
  last = next;
  return next;
}

/**
 * @param {() => Place | null} findPlace
 * @param {PinEdit} edit
 * @param {number[]} entries
 * @returns {Promise<Record<string, PinState>>}
 */
async function change(findPlace, edit, entries) {
  const asked = [...new Set([edit.entry, ...entries])].slice(0, 200);
  for (let tries = 0; tries < TRIES; tries++) {
    const place = findPlace();
    if (!place) return {};
    const before = String(place.widget.value ?? "");
    const reply = await readPins(before, asked, edit);
    if (String(place.widget.value ?? "") !== before) continue; // typed into meanwhile
    if (reply.text !== before) inOneStep(() => write(place, reply.text));
    return reply.states;
  }
  return {};
}
