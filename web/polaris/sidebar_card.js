/** A card in the sidebar: dragged or double-clicked onto the canvas, or pinned. */

import { getCard } from "./api.js";
import { cardBody } from "./cards.js";
import { showDetails } from "./dialogs.js";
import { button, h } from "./dom.js";
import { toast } from "./host.js";
import { addLoader, DRAG_TYPE, pinIn, selectedRetriever } from "./loader.js";
import { t } from "./text.js";

/** @typedef {import("./types.js").ResultCard} ResultCard */

/**
 * @param {ResultCard} card
 * @param {() => string} maturity The most mature that is shown.
 */
export function sidebarCard(card, maturity) {
  const element = h(
    "div",
    {
      class: "polaris-card polaris-in-list",
      draggable: "true",
      "aria-label": card.name,
      "data-entry": card.id,
    },
    ...cardBody(card),
    h(
      "div",
      { class: "polaris-actions" },
      button(t("add"), () => void addLoader(card.id), { title: t("add_title"), class: "polaris-small" }),
      button(t("pin"), () => pinSelected(card), { title: t("pin_title"), class: "polaris-small" }),
      button(t("details"), () => void details(card, maturity()), { class: "polaris-small" }),
    ),
  );
  element.addEventListener("dragstart", (event) => {
    event.dataTransfer?.setData(DRAG_TYPE, String(card.id));
    if (event.dataTransfer) event.dataTransfer.effectAllowed = "copy";
  });
  element.addEventListener("dblclick", (event) => {
    if (event.target instanceof Element && event.target.closest("button")) return;
    void addLoader(card.id);
  });
  return element;
}

/** @param {ResultCard} card */
function pinSelected(card) {
  const node = selectedRetriever();
  if (node) void pinIn(card.id, node);
  else toast("info", t("select_retriever"));
}

/**
 * @param {ResultCard} card
 * @param {string} maturity
 */
async function details(card, maturity) {
  try {
    showDetails(await getCard(card.id, maturity));
  } catch (/** @type {any} */ error) {
    toast("error", String(error?.message ?? error), String(error?.hint ?? ""));
  }
}
