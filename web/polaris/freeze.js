/** Freeze a workflow's picks for others, say what is missing here, restore a picture's plan. */

import { startFreeze, startResolve } from "./api.js";
import { distinct, showFrozen, showMissing } from "./dialogs.js";
import {
  classOf,
  EDITOR,
  everyNode,
  feeding,
  nearestWith,
  outputKey,
  placeOf,
  RETRIEVERS,
  write,
} from "./graph.js";
import { app, inOneStep, rootGraph, toast } from "./host.js";
import { follow } from "./jobs.js";
import { t } from "./text.js";

/**
 * @typedef {import("./host_types.js").GraphNode} GraphNode
 * @typedef {import("./types.js").Edit} Edit
 * @typedef {import("./types.js").Job} Job
 * @typedef {import("./types.js").NodeFacts} NodeFacts
 * @typedef {import("./types.js").Slot} Slot
 */

/** Write every current pick into the workflow, so that it means the same elsewhere. */
export async function freeze() {
  const nodes = facts(true);
  if (!Object.keys(nodes).length) return toast("info", t("no_polaris_nodes"));
  try {
    const result = await run(startFreeze(nodes), t("freezing"));
    if (!result) return;
    apply(result.edits);
    showFrozen(result.frozen, result.problems);
  } catch (error) {
    tell(error);
  }
}

/** Say which of the models that the workflow names are not here. */
export async function resolve() {
  const nodes = facts(false);
  if (!Object.keys(nodes).length) return toast("info", t("no_polaris_nodes"));
  try {
    const result = await run(startResolve(nodes), t("checking"));
    if (!result) return;
    if (result.missing.length) showMissing(result.missing);
    else if (!result.models.length) toast("info", t("nothing_named"));
    else toast("success", t("all_here", { count: distinct(result.models).length }));
  } catch (error) {
    tell(error);
  }
}

let checked = "";

/** Look at a workflow that was just opened: restore its plan, or check what it froze. */
export function lookAtOpened() {
  const root = rootGraph();
  const plans = root.extra?.polaris?.plans;
  if (root.extra && "polaris" in root.extra) delete root.extra.polaris;
  if (plans && typeof plans === "object" && Object.keys(plans).length) {
    void restorePlans(plans);
    return;
  }
  const nodes = facts(false);
  const frozen = Object.values(nodes).some((node) => node.plan || isFrozen(node.pins ?? ""));
  const signature = JSON.stringify(nodes);
  if (!frozen || signature === checked) return;
  checked = signature;
  void checkQuietly(nodes);
}

/**
 * Write a picture's plans into the nodes that are here.
 *
 * @param {Record<string, object>} plans By the editor's node.
 */
export async function restorePlans(plans) {
  const nodes = facts(false);
  let editors = 0;
  for (const [path, node] of Object.entries(nodes)) {
    if (node.type !== EDITOR) continue;
    const plan = plans[path];
    node.plan = plan ? JSON.stringify(plan) : "";
    if (plan) editors += 1;
  }
  if (!editors) return toast("warn", t("no_editor_for_plan"));
  try {
    const result = await run(startFreeze(nodes), "");
    if (!result) return;
    apply(result.edits);
    toast("success", t("plan_restored"));
    const now = facts(false);
    checked = JSON.stringify(now);
    await checkQuietly(now);
  } catch (error) {
    tell(error);
  }
}

/** @param {Record<string, NodeFacts>} nodes */
async function checkQuietly(nodes) {
  try {
    const result = await run(startResolve(nodes), "");
    if (result?.missing.length) showMissing(result.missing);
  } catch (error) {
    tell(error);
  }
}

/**
 * The Polaris nodes of the workflow.
 *
 * @param {boolean} last Whether what the last run picked and planned is told too.
 * @returns {Record<string, NodeFacts>}
 */
function facts(last) {
  const root = rootGraph();
  /** @type {Map<GraphNode | null, string>} */
  const paths = new Map();
  for (const [path, node] of everyNode(root)) if (!paths.has(node)) paths.set(node, path);
  /** @type {Record<string, NodeFacts>} */
  const found = {};
  for (const [node, path] of paths) {
    const type = node ? classOf(node) : "";
    if (!node) continue;
    if (RETRIEVERS.has(type)) {
      found[path] = { type, pins: valueOf(node, "pins"), picks: last ? pickedBy(node) : [] };
    } else if (type === EDITOR) {
      found[path] = {
        type,
        plan: (last && planOf(node)) || valueOf(node, "plan_json"),
        checkpoint: paths.get(checkpointOf(node)) ?? "",
        loras: paths.get(nearestWith(node, "shortlist", "pins", root)) ?? "",
      };
    }
  }
  return found;
}

/** @param {GraphNode} editor */
function planOf(editor) {
  const plan = app.nodeOutputs?.[outputKey(editor, rootGraph())]?.polaris_plan?.[0];
  return typeof plan === "string" ? plan : "";
}

/**
 * @param {GraphNode} node
 * @param {string} input
 */
function valueOf(node, input) {
  return String(placeOf(node, input, rootGraph())?.widget.value ?? "");
}

/** @param {GraphNode} node */
function pickedBy(node) {
  /** @type {Slot[]} */
  const slots = app.nodeOutputs?.[outputKey(node, rootGraph())]?.polaris_cards ?? [];
  return slots.flatMap(({ slot, cards }) =>
    cards.filter((card) => card.picked).map((card) => ({ slot, entry: card.id })),
  );
}

/**
 * The retriever that gives an editor its checkpoint.
 *
 * @param {GraphNode} editor
 * @returns {GraphNode | null}
 */
function checkpointOf(editor) {
  const root = rootGraph();
  const direct = nearestWith(editor, "model", "pins", root);
  if (direct) return direct;
  const loras = nearestWith(editor, "shortlist", "pins", root);
  return loras && feeding(loras, "checkpoint", root);
}

/** @param {Edit[]} edits */
function apply(edits) {
  const root = rootGraph();
  const nodes = new Map(everyNode(root));
  inOneStep(() => {
    for (const { node, input, value } of edits) {
      const target = nodes.get(node);
      const place = target && placeOf(target, input, root);
      if (place) write(place, value);
      else toast("warn", t("not_written", { node, input }));
    }
  });
}

/**
 * @param {string} pins
 */
function isFrozen(pins) {
  return pins.includes('"sha256"') || pins.includes('"size_bytes"');
}

/**
 * @param {Promise<{job: Job}>} started
 * @param {string} message
 * @returns {Promise<any>} Its result; null if it was stopped.
 */
async function run(started, message) {
  const { job } = await started;
  if (message) toast("info", message);
  const over = await follow(job);
  if (over.state === "failed") {
    throw Object.assign(new Error(over.error), { hint: over.hint });
  }
  return over.state === "done" ? over.result : null;
}

/** @param {any} error */
function tell(error) {
  toast("error", String(error?.message ?? error), String(error?.hint ?? ""));
}
