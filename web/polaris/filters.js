/** Which entries the sidebar shows. */

import { h, select } from "./dom.js";
import { t, word } from "./text.js";

export const LEVELS = ["PG", "PG13", "R", "X", "XXX"];
const FAMILIES = ["sd15", "sd2", "sdxl", "sd3", "flux", "unknown"];
const ROLES = [
  "style",
  "object",
  "character",
  "person",
  "clothing",
  "pose",
  "concept",
  "background",
  "tool",
  "unknown",
];

/** The row of choices. */
export class Filters {
  /**
   * @param {string} maturity Where it starts.
   * @param {() => void} onchange
   */
  constructor(maturity, onchange) {
    this.kind = "";
    this.family = "";
    this.role = "";
    this.order = "name";
    this.onDisk = "";
    this.maturity = LEVELS.includes(maturity) ? maturity : "PG";
    /** @type {(field: "kind" | "family" | "role" | "order" | "onDisk" | "maturity") =>
     *   (value: string) => void} */
    const set = (field) => (value) => {
      this[field] = value;
      onchange();
    };
    const levels = LEVELS.map((level) => /** @type {[string, string]} */ ([level, level]));
    this.element = h(
      "div",
      { class: "polaris-filters", role: "group", "aria-label": t("filters") },
      select(t("filter_kind"), words("kind", ["checkpoint", "lora"], "any_kind"), "", set("kind")),
      select(t("filter_family"), names(FAMILIES, "any_family"), "", set("family")),
      select(t("filter_role"), words("role", ROLES, "any_role"), "", set("role")),
      select(t("filter_maturity"), levels, this.maturity, set("maturity")),
      select(t("filter_disk"), words("disk", ["1", "0"], "any_disk"), "", set("onDisk")),
      select(t("order"), words("order", ["name", "newest", "size"]), "name", set("order")),
    );
  }

  /** For the pages of the zoo. */
  browsing() {
    const { kind, family, role, order, maturity, onDisk } = this;
    return { kind, family, role, order, maturity, on_disk: onDisk };
  }

  /** For a search: of LoRAs, if nothing else is asked for. */
  searching() {
    const { family, role, maturity } = this;
    return {
      kind: this.kind || "lora",
      family: family ? [family] : [],
      role: role ? [role] : [],
      maturity,
    };
  }
}

/**
 * @param {string} group
 * @param {string[]} values
 * @param {string} [any] Key of the text for all of them.
 * @returns {[string, string][]}
 */
function words(group, values, any) {
  const rows = values.map((value) => /** @type {[string, string]} */ ([value, word(group, value)]));
  return any ? [["", t(any)], ...rows] : rows;
}

/**
 * @param {string[]} values
 * @param {string} any
 * @returns {[string, string][]}
 */
function names(values, any) {
  const rows = values.map(
    (value) => /** @type {[string, string]} */ ([value, value === "unknown" ? t("base_unknown") : value]),
  );
  return [["", t(any)], ...rows];
}
