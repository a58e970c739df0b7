/** Polaris in ComfyUI's page: what the host calls, and when. */

import { getCards } from "./polaris/api.js";
import { commands, menuCommands } from "./polaris/commands.js";
import { lookAtOpened } from "./polaris/freeze.js";
import { classOf, everyNode, MASKER, RERANK, RETRIEVERS } from "./polaris/graph.js";
import { api, app, rootGraph } from "./polaris/host.js";
import { acceptDrops } from "./polaris/loader.js";
import { CardPanel, panelOf } from "./polaris/node_cards.js";
import { grow } from "./polaris/panel.js";
import { RegionPanel, regionsOf } from "./polaris/regions.js";
import { begin, settings } from "./polaris/settings.js";
import { sidebarTab } from "./polaris/sidebar.js";
import { setMessages } from "./polaris/text.js";

/** @typedef {import("./polaris/host_types.js").GraphNode} GraphNode */

const LOOK_MS = 150;
let timer = 0;

function link() {
  const href = new URL("./polaris/polaris.css", import.meta.url).href;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}

/** After a change of the workflow, once for several of them. */
function lookSoon() {
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    for (const [, node] of everyNode(rootGraph())) {
      void panelOf(node)?.refresh();
      regionsOf(node)?.refresh();
    }
  }, LOOK_MS);
}

function recallAll() {
  for (const [, node] of everyNode(rootGraph())) recall(node);
}

/** @param {GraphNode} node */
function recall(node) {
  panelOf(node)?.recall();
  regionsOf(node)?.recall();
}

/** @param {GraphNode} node */
function furnish(node) {
  const type = classOf(node);
  const before = node.onExecuted;
  if (RETRIEVERS.has(type) || type === RERANK) {
    const panel = new CardPanel(node);
    node.onExecuted = function (output) {
      before?.call(this, output);
      if (output?.polaris_cards) panel.show(output.polaris_cards);
    };
  } else if (type === MASKER) {
    const panel = new RegionPanel(node);
    node.onExecuted = function (output) {
      if (output?.polaris_regions) panel.show(output);
      before?.call(this, output);
    };
  } else {
    return;
  }
  grow(node);
}

app.registerExtension({
  name: "Polaris",
  settings,
  commands,
  menuCommands,

  async init() {
    link();
    try {
      const all = await api.getCustomNodesI18n();
      setMessages(all, () => String(app.extensionManager.setting.get("Comfy.Locale") ?? "en"));
    } catch (error) {
      console.warn("Polaris: its texts could not be read", error);
    }
    app.extensionManager.registerSidebarTab(sidebarTab);
  },

  setup() {
    acceptDrops();
    api.addEventListener("graphChanged", lookSoon);
    // The server reads its catalogue at the first request: before the sidebar is clicked.
    const ready = () => void getCards({ limit: 1 }).catch(() => undefined);
    if (window.requestIdleCallback) window.requestIdleCallback(ready, { timeout: 2000 });
    else setTimeout(ready, 1000);
  },

  /** @param {GraphNode} node */
  nodeCreated(node) {
    begin(node);
    furnish(node);
  },

  /** @param {GraphNode} node */
  loadedGraphNode(node) {
    recall(node);
  },

  onNodeOutputsUpdated() {
    recallAll();
  },

  afterConfigureGraph() {
    lookAtOpened();
  },
});
