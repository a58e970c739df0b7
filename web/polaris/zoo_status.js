/** The head of the sidebar: how many models there are, how the index fares, what went wrong. */

import { fill, h } from "./dom.js";
import { number, t, word } from "./text.js";

/**
 * @typedef {import("./types.js").Status} Status
 */

/** What the zoo holds. */
export class ZooStatus {
  constructor() {
    this.element = h("div", { class: "polaris-status" });
    fill(this.element, h("p", { class: "polaris-hint" }, t("loading")));
  }

  /** @param {Status} status */
  show(status) {
    fill(
      this.element,
      h("p", { class: "polaris-total" }, t("total", { count: number(status.total) })),
      status.total ? counts(status) : h("p", { class: "polaris-hint" }, t("empty_zoo")),
      h("p", { class: "polaris-line" }, indexLine(status)),
      ...encoders(status),
      problems(status),
    );
  }

  /** @param {string} message */
  fail(message) {
    fill(this.element, h("p", { class: "polaris-warn", role: "alert" }, message));
  }
}

/** @param {Status} status */
function counts(status) {
  /** @type {Record<"kind" | "family" | "role", Map<string, number>>} */
  const sums = { kind: new Map(), family: new Map(), role: new Map() };
  for (const row of status.counts) {
    for (const group of /** @type {("kind" | "family" | "role")[]} */ (["kind", "family", "role"])) {
      sums[group].set(row[group], (sums[group].get(row[group]) ?? 0) + row.count);
    }
  }
  const rows = Object.entries(sums).map(([group, sum]) => {
    const parts = [...sum].sort((a, b) => b[1] - a[1]);
    const chips = parts.map(([name, count]) =>
      h("li", {}, `${group === "family" ? name : word(group, name)} ${number(count)}`),
    );
    return h("div", { class: "polaris-counts" }, h("span", {}, t(`by_${group}`)), h("ul", {}, ...chips));
  });
  return h("details", {}, h("summary", {}, t("counts")), ...rows);
}

/** @param {Status} status */
function indexLine(status) {
  const { state, checkpoint, lora } = status.index;
  if (state === "unknown") return t("index_unknown");
  const indexed = (checkpoint.indexed ?? 0) + (lora.indexed ?? 0);
  const entries = checkpoint.entries + lora.entries;
  return t(`index_${state}`, { indexed: number(indexed), entries: number(entries) });
}

/** @param {Status} status */
function encoders(status) {
  const { text, image, ready, problem, hint } = status.encoders;
  const pictures = image === "none" || !image ? t("no_image_encoder") : image;
  const line = h("p", { class: "polaris-line" }, t("encoders", { text, image: pictures }));
  if (ready && !problem) return [line];
  const told = [problem, hint].filter(Boolean).join(". ");
  return [line, h("p", { class: "polaris-warn", role: "alert" }, told)];
}

/** @param {Status} status */
function problems(status) {
  const { total, rows } = status.problems;
  if (!total) return null;
  const shown = rows.map((row) =>
    h(
      "li",
      {},
      h("strong", {}, row.path),
      h("span", {}, [row.problem, row.value].filter(Boolean).join(": ")),
      row.hint ? h("em", {}, row.hint) : null,
    ),
  );
  return h(
    "details",
    { class: "polaris-problems" },
    h("summary", { class: "polaris-warn" }, t("problems", { count: number(total) })),
    h("ul", {}, ...shown),
  );
}
