/** Commands for the palette, the menus and keys. */

import { cancelJob, getJobs, startJob } from "./api.js";
import { freeze, resolve } from "./freeze.js";
import { classOf, everyNode, placeOf, RETRIEVERS, write } from "./graph.js";
import { app, inOneStep, rootGraph, toast } from "./host.js";
import { follow, isOver } from "./jobs.js";
import { t } from "./text.js";

/** The labels are those of `locales/en/commands.json`. */
export const commands = [
  {
    id: "Polaris.ToggleSidebar",
    label: "Polaris: show or hide the zoo (models, LoRAs, search)",
    icon: "pi pi-compass",
    function: () => app.extensionManager.command.execute("Workspace.ToggleSidebarTab.polaris"),
  },
  {
    id: "Polaris.Scan",
    label: "Polaris: scan the model folders (refresh, rescan)",
    icon: "pi pi-refresh",
    function: () => work("scan"),
  },
  {
    id: "Polaris.Index",
    label: "Polaris: index everything again (embeddings)",
    icon: "pi pi-database",
    function: () => work("index"),
  },
  {
    id: "Polaris.Cancel",
    label: "Polaris: cancel scanning or indexing (stop)",
    icon: "pi pi-times",
    function: cancel,
  },
  {
    id: "Polaris.Freeze",
    label: "Polaris: freeze picks for sharing (hash, export)",
    icon: "pi pi-lock",
    function: freeze,
  },
  {
    id: "Polaris.Resolve",
    label: "Polaris: check that all models are here (missing models)",
    icon: "pi pi-check-circle",
    function: resolve,
  },
  {
    id: "Polaris.ClearPins",
    label: "Polaris: clear pins and bans (reset)",
    icon: "pi pi-eraser",
    function: clearPins,
  },
];

export const menuCommands = [
  { path: ["Extensions", "Polaris"], commands: commands.map(({ id }) => id) },
];

/** @param {"scan" | "index"} kind */
async function work(kind) {
  try {
    const { job } = await startJob(kind);
    toast("info", t(kind === "scan" ? "scanning" : "indexing"));
    const over = await follow(job);
    if (over.state === "done") toast("success", t("done"), String(over.result?.summary ?? ""));
    if (over.state === "failed") toast("error", over.error, over.hint);
    if (over.state === "cancelled") toast("info", t("cancelled"));
  } catch (error) {
    tell(error);
  }
}

async function cancel() {
  try {
    const { jobs } = await getJobs();
    const open = jobs.filter((job) => !isOver(job));
    await Promise.all(open.map((job) => cancelJob(job.id)));
    if (!open.length) toast("info", t("nothing_runs"));
  } catch (error) {
    tell(error);
  }
}

/** Of the retrievers that are selected; if none is, of all. */
function clearPins() {
  const root = rootGraph();
  const selected = Object.values(app.canvas.selected_nodes ?? {});
  const every = [...everyNode(root)].map(([, node]) => node);
  const chosen = selected.filter((node) => RETRIEVERS.has(classOf(node)));
  const nodes = chosen.length ? chosen : every.filter((node) => RETRIEVERS.has(classOf(node)));
  const places = nodes.flatMap((node) => placeOf(node, "pins", root) ?? []);
  inOneStep(() => places.forEach((place) => write(place, "")));
  toast("success", t("pins_cleared", { count: places.length }));
}

/** @param {any} error */
function tell(error) {
  toast("error", String(error?.message ?? error), String(error?.hint ?? ""));
}
