/** Windows over the page: details of an entry, what was frozen, what is missing. */

import { button, h, sourceLink } from "./dom.js";
import { size, t, word } from "./text.js";

/**
 * @typedef {import("./types.js").CardDetails} CardDetails
 * @typedef {import("./types.js").ModelRow} ModelRow
 * @typedef {import("./types.js").NodeProblem} NodeProblem
 */

/**
 * Open a window; Escape and its button close it.
 *
 * @param {string} title
 * @param {(Node | string | null)[]} content
 * @param {HTMLButtonElement[]} [buttons] Besides that which closes.
 */
export function open(title, content, buttons = []) {
  const close = button(t("close"), () => dialog.close());
  const dialog = h(
    "dialog",
    { class: "polaris polaris-dialog", "aria-label": title },
    h("h3", {}, title),
    h("div", { class: "polaris-dialog-body", tabindex: 0 }, ...content),
    h("div", { class: "polaris-buttons" }, ...buttons, close),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
  return dialog;
}

/** @param {CardDetails} card */
export function showDetails(card) {
  /** @type {[string, string][]} */
  const rows = [
    [t("file"), card.file],
    [t("size"), card.size_bytes ? size(card.size_bytes) : ""],
    [t("base"), card.base_model],
    [t("role"), word("role", card.role)],
    [t("strength_short"), card.strength === null ? "" : String(card.strength)],
    [t("trigger_words"), card.trigger_words.join(", ")],
    [t("tags"), card.tags.join(", ")],
    [t("training_tags"), card.training_tags.join(", ")],
    [t("creator"), card.creator],
    [t("licence"), card.licence],
    [t("maturity"), card.maturity],
    ["SHA-256", card.sha256],
    ["AutoV3", card.autov3],
    [t("negative"), card.negative],
    ...Object.entries(card.extra),
  ];
  open(card.name, [
    table(rows.filter(([, value]) => value)),
    card.source ? (sourceLink(card.source, card.source) ?? h("p", {}, card.source)) : null,
    ...card.example_prompts.slice(0, 5).map((prompt) => h("blockquote", {}, prompt)),
    card.description ? h("p", { class: "polaris-description" }, card.description) : null,
  ]);
}

/** @param {[string, string][]} rows */
function table(rows) {
  return h("table", {}, ...rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value))));
}

/**
 * What was written into the workflow, and what could not be.
 *
 * @param {ModelRow[]} frozen
 * @param {NodeProblem[]} problems
 */
export function showFrozen(frozen, problems) {
  open(t("frozen_title", { count: frozen.length }), [
    h("p", {}, t("frozen_hint")),
    models(frozen),
    ...problems.map((one) =>
      h("p", { class: "polaris-warn" }, [`#${one.node}: ${one.error}`, one.hint].filter(Boolean).join(". ")),
    ),
  ]);
}

/** @param {ModelRow[]} rows One for each input that names a model. */
export function showMissing(rows) {
  const missing = distinct(rows);
  open(t("missing_title", { count: missing.length }), [h("p", {}, t("missing_hint")), models(missing)]);
}

/**
 * Each model once, though several inputs name it.
 *
 * @param {ModelRow[]} rows
 */
export function distinct(rows) {
  return [...new Map(rows.map((row) => [row.sha256 || row.file, row])).values()];
}

/** @param {ModelRow[]} rows */
function models(rows) {
  const items = rows.map((row) =>
    h(
      "li",
      { "data-file": row.file },
      h("strong", {}, row.name || row.file),
      h("span", {}, row.file),
      h("span", {}, [row.size_bytes ? size(row.size_bytes) : "", row.sha256 && `sha256 ${row.sha256.slice(0, 12)}…`].filter(Boolean).join(" · ")),
      row.source ? (sourceLink(row.source, row.source) ?? h("span", {}, row.source)) : h("em", {}, t("source_unknown")),
    ),
  );
  return h("ul", { class: "polaris-models" }, ...items);
}
