/** What a user sets once. New nodes begin with it; a run never reads it. */

import { classOf } from "./graph.js";
import { app, setting } from "./host.js";

/** @typedef {import("./host_types.js").GraphNode} GraphNode */

/**
 * @param {string} name
 * @param {string} label
 * @param {string} group
 * @param {string} tooltip
 * @param {string} [defaultValue]
 */
function text(name, label, group, tooltip, defaultValue = "") {
  return {
    id: `Polaris.${name}`,
    name: label,
    type: "text",
    defaultValue,
    category: ["Polaris", group, name],
    tooltip,
  };
}

/** The names and tooltips are those of `locales/en/settings.json`. */
export const settings = [
  text(
    "LanguageServer",
    "Language model: server address",
    "Language model",
    "Address of an OpenAI-compatible server. A new Language Model node begins with it.",
  ),
  text(
    "LanguageModel",
    "Language model: name",
    "Language model",
    "A folder in models/LLM, a name on the Hugging Face Hub, or the name by which the server knows it. A new Language Model node begins with it.",
  ),
  text(
    "ImageEncoder",
    "Image encoder",
    "Zoo",
    "Looks at previews and pictures: clip:ViT-L-14/openai, or none. For the sidebar and new Zoo nodes.",
    "none",
  ),
  text(
    "TextEncoder",
    "Text encoder",
    "Zoo",
    "Reads metadata and sentences: sentence:NAME or clip:MODEL/WEIGHTS. For the sidebar and new Zoo nodes.",
    "sentence:all-MiniLM-L6-v2",
  ),
  text(
    "Folders",
    "Model folders",
    "Zoo",
    "Only these subfolders, divided by semicolons. Empty: all. A new Zoo node begins with them.",
  ),
  {
    id: "Polaris.Maturity",
    name: "Most mature content shown",
    type: "combo",
    options: ["PG", "PG-13", "R", "X", "XXX"],
    defaultValue: "PG",
    category: ["Polaris", "Zoo", "Maturity"],
    tooltip: "Where the sidebar's filter and new Zoo nodes begin.",
  },
];

/** @type {Record<string, [string, string, (value: string) => string][]>} */
const STARTS = {
  PolarisZoo: [
    ["maturity", "Polaris.Maturity", same],
    ["folders", "Polaris.Folders", lines],
    ["text_encoder", "Polaris.TextEncoder", same],
    ["image_encoder", "Polaris.ImageEncoder", same],
  ],
  PolarisLanguageModel: [
    ["model", "Polaris.LanguageModel", same],
    ["server", "Polaris.LanguageServer", same],
  ],
};

/**
 * Give a node that the user adds the values that were set.
 *
 * @param {GraphNode} node
 */
export function begin(node) {
  if (app.configuringGraph) return;
  for (const [input, id, form] of STARTS[classOf(node)] ?? []) {
    const value = form(setting(id, ""));
    const widget = node.widgets?.find((one) => one.name === input);
    if (value && widget) widget.value = value;
  }
}

/** @param {string} value */
function same(value) {
  return value.trim();
}

/** @param {string} value */
function lines(value) {
  return value
    .split(";")
    .map((one) => one.trim())
    .filter(Boolean)
    .join("\n");
}
