/** Every request of ours, with its types. Nothing else is ever fetched. */

import { api } from "./host.js";

/** @typedef {import("./types.js").Card} Card */

/** What the server refused, in its words. */
export class RequestFailed extends Error {
  /**
   * @param {string} error
   * @param {string} hint What to do; may be empty.
   * @param {number} status
   */
  constructor(error, hint, status) {
    super(error);
    this.name = "RequestFailed";
    this.hint = hint;
    this.status = status;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
async function ask(path, options) {
  /** @type {Response} */
  let response;
  try {
    response = await api.fetchApi(`/polaris/${path}`, options);
  } catch (error) {
    if (options?.signal?.aborted) throw error;
    throw new RequestFailed("ComfyUI does not answer", String(error), 0);
  }
  const text = await response.text();
  let reply;
  try {
    reply = JSON.parse(text);
  } catch {
    throw new RequestFailed(`HTTP ${response.status}`, text.slice(0, 200), response.status);
  }
  if (!response.ok) {
    const { error, hint } = reply ?? {};
    throw new RequestFailed(
      String(error ?? `HTTP ${response.status}`),
      String(hint ?? ""),
      response.status,
    );
  }
  return reply;
}

/**
 * @param {string} path
 * @param {object} [body]
 * @param {AbortSignal} [signal]
 */
function post(path, body = {}, signal) {
  const headers = { "Content-Type": "application/json" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

/**
 * @param {Record<string, string | number | string[] | null | undefined>} fields Empty ones are left out.
 */
export function query(fields) {
  const rows = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) rows.append(name, String(one));
  }
  const text = rows.toString();
  return text ? `?${text}` : "";
}

/** @returns {Promise<import("./types.js").Status>} */
export const getStatus = () => ask("status");

/**
 * @param {Record<string, string | number | string[] | null>} fields
 * @param {AbortSignal} [signal]
 * @returns {Promise<import("./types.js").CardPage>}
 */
export const getCards = (fields, signal) => ask(`cards${query(fields)}`, { signal });

/**
 * @param {number} id
 * @param {string} maturity
 * @returns {Promise<import("./types.js").CardDetails>}
 */
export const getCard = (id, maturity) => ask(`cards/${id}${query({ maturity })}`);

/**
 * @param {number} id
 * @returns {Promise<import("./types.js").Loader>}
 */
export const getLoader = (id) => ask(`cards/${id}/loader`);

/**
 * @param {object} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<import("./types.js").Found>}
 */
export const searchText = (body, signal) => post("search", body, signal);

/**
 * @param {Blob} picture
 * @param {Record<string, string | number | string[] | null>} fields
 * @param {AbortSignal} [signal]
 * @returns {Promise<import("./types.js").Found>}
 */
export const searchPicture = (picture, fields, signal) =>
  ask(`search/picture${query(fields)}`, {
    method: "POST",
    headers: { "Content-Type": picture.type },
    body: picture,
    signal,
  });

/**
 * @param {"scan" | "index"} kind
 * @returns {Promise<{job: import("./types.js").Job}>}
 */
export const startJob = (kind) => post(kind);

/** @returns {Promise<{jobs: import("./types.js").Job[]}>} */
export const getJobs = () => ask("jobs");

/**
 * @param {string} id
 * @returns {Promise<{job: import("./types.js").Job}>}
 */
export const getJob = (id) => ask(`jobs/${encodeURIComponent(id)}`);

/**
 * @param {string} id
 * @returns {Promise<{job: import("./types.js").Job}>}
 */
export const cancelJob = (id) => post(`jobs/${encodeURIComponent(id)}/cancel`);

/**
 * @param {string} text Of a node's `pins`.
 * @param {number[]} entries
 * @param {import("./types.js").PinEdit} [edit]
 * @returns {Promise<import("./types.js").PinsReply>}
 */
export const readPins = (text, entries, edit) =>
  post("pins", edit ? { text, entries, edit } : { text, entries });

/**
 * @param {Record<string, import("./types.js").NodeFacts>} nodes
 * @returns {Promise<{job: import("./types.js").Job}>}
 */
export const startFreeze = (nodes) => post("freeze", { nodes });

/**
 * @param {Record<string, import("./types.js").NodeFacts>} nodes
 * @returns {Promise<{job: import("./types.js").Job}>}
 */
export const startResolve = (nodes) => post("resolve", { nodes });

/**
 * @param {Blob} png
 * @returns {Promise<{plans: Record<string, object>}>}
 */
export const readPlans = (png) =>
  ask("plan", { method: "POST", headers: { "Content-Type": "image/png" }, body: png });

/**
 * Where a card's picture is; empty if it has none, or if what is said is no path of ours.
 *
 * @param {Card} card
 */
export function thumbnailOf(card) {
  return card.thumbnail.startsWith("/polaris/thumbnails/") ? api.apiURL(card.thumbnail) : "";
}
