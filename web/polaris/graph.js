/** Ways through a workflow: what feeds an input, and where every node of ours stands. */

/**
 * @typedef {import("./host_types.js").Graph} Graph
 * @typedef {import("./host_types.js").GraphNode} GraphNode
 * @typedef {import("./host_types.js").Widget} Widget
 */

/** The number that stands for a subgraph's own inputs. */
const SUBGRAPH_INPUTS = -10;
const FARTHEST = 500;

export const RETRIEVERS = new Set(["PolarisCheckpointRetriever", "PolarisLoraRetriever"]);
export const EDITOR = "PolarisAdaptiveEditor";
export const RERANK = "PolarisTreeRerank";
export const MASKER = "PolarisRegionMasker";

/**
 * The class of a node.
 *
 * @param {GraphNode} node
 */
export function classOf(node) {
  return node.comfyClass ?? node.type;
}

/**
 * The nodes of one graph, without those inside its subgraphs.
 *
 * @param {Graph} graph
 * @returns {GraphNode[]}
 */
export function nodesOf(graph) {
  return graph.nodes ?? graph._nodes ?? [];
}

/**
 * Every node with its path, `12:6` for node 6 in the subgraph that node 12 is.
 *
 * @param {Graph} root
 * @returns {Generator<[string, GraphNode]>}
 */
export function* everyNode(root, before = "", depth = 0) {
  for (const node of nodesOf(root)) {
    const path = `${before}${node.id}`;
    yield [path, node];
    if (node.subgraph && depth < 20) yield* everyNode(node.subgraph, `${path}:`, depth + 1);
  }
}

/**
 * The node that holds a subgraph, and its graph.
 *
 * @param {Graph} root
 * @param {Graph} inner
 * @returns {GraphNode | null}
 */
export function holderOf(root, inner) {
  for (const [, node] of everyNode(root)) if (node.subgraph === inner) return node;
  return null;
}

/**
 * What feeds an input, seen through reroutes and the borders of subgraphs.
 *
 * @param {GraphNode} node
 * @param {string} input Its name.
 * @param {Graph} root
 * @returns {GraphNode | null}
 */
export function feeding(node, input, root) {
  const slot = (node.inputs ?? []).findIndex((one) => one.name === input);
  return slot < 0 ? null : feedingSlot(node, slot, root, 0);
}

/**
 * @param {GraphNode} node
 * @param {number} slot
 * @param {Graph} root
 * @param {number} steps
 * @returns {GraphNode | null}
 */
function feedingSlot(node, slot, root, steps) {
  const graph = node.graph;
  const id = node.inputs?.[slot]?.link;
  if (!graph || id === null || id === undefined || steps > FARTHEST) return null;
  const link = graph.getLink(id);
  if (!link) return null;
  if (Number(link.origin_id) === SUBGRAPH_INPUTS) {
    const holder = holderOf(root, graph);
    return holder && feedingSlot(holder, link.origin_slot, root, steps + 1);
  }
  return giving(graph, link, root, steps + 1);
}

/**
 * @param {Graph} graph
 * @param {import("./host_types.js").Link} link
 * @param {Graph} root
 * @param {number} steps
 * @returns {GraphNode | null}
 */
function giving(graph, link, root, steps) {
  const node = graph.getNodeById(link.origin_id);
  if (!node || steps > FARTHEST) return null;
  if (node.type === "Reroute") return feedingSlot(node, 0, root, steps);
  if (!node.subgraph) return node;
  const inside = node.subgraph.outputs?.[link.origin_slot]?.linkIds?.[0];
  const inner = inside === undefined ? null : node.subgraph.getLink(inside);
  return inner ? giving(node.subgraph, inner, root, steps + 1) : null;
}

/**
 * The nearest node before an input that has the widget.
 *
 * @param {GraphNode} node
 * @param {string} input
 * @param {string} widget
 * @param {Graph} root
 * @returns {GraphNode | null}
 */
export function nearestWith(node, input, widget, root) {
  let found = feeding(node, input, root);
  for (let steps = 0; found && steps < FARTHEST; steps++) {
    if (found.widgets?.some((one) => one.name === widget)) return found;
    found = feeding(found, input, root);
  }
  return null;
}

/**
 * @typedef {{node: GraphNode, widget: Widget}} Place Where a value is written.
 */

/**
 * The widget that an input's value stands in: the node's own, or that of the node around it where
 * the input was brought out of a subgraph. Null if something else is connected.
 *
 * @param {GraphNode} node
 * @param {string} name
 * @param {Graph} root
 * @returns {Place | null}
 */
export function placeOf(node, name, root) {
  const input = node.inputs?.find((one) => one.name === name || one.widget?.name === name);
  if (input && input.link !== null && input.link !== undefined) {
    const link = node.graph?.getLink(input.link);
    const holder = link && Number(link.origin_id) === SUBGRAPH_INPUTS && node.graph
      ? holderOf(root, node.graph)
      : null;
    const outer = holder && link ? holder.inputs?.[link.origin_slot] : undefined;
    return holder && outer ? placeOf(holder, outer.widget?.name ?? outer.name, root) : null;
  }
  const widget = node.widgets?.find((one) => one.name === name);
  return widget ? { node, widget } : null;
}

/**
 * The place by which the host keeps what a node gave out.
 *
 * @param {GraphNode} node
 * @param {Graph} root
 */
export function outputKey(node, root) {
  const { graph } = node;
  return graph && graph !== root && graph.id ? `${graph.id}:${node.id}` : String(node.id);
}

/**
 * Write a widget as if it had been typed.
 *
 * @param {Place} place
 * @param {string} value
 */
export function write({ node, widget }, value) {
  widget.value = value;
  widget.callback?.(value);
  node.setDirtyCanvas?.(true, true);
}
