/** The masker's numbered regions: a click on the picture or on a number chooses. */

import { button, fill, h } from "./dom.js";
import { outputKey, placeOf, write } from "./graph.js";
import { api, app, inOneStep, rootGraph } from "./host.js";
import { addPanel, grow, takePlace } from "./panel.js";
import { candidateAt, CELLS, cellsOf, choiceAfter, holds, numbersIn } from "./region_math.js";
import { t } from "./text.js";

/**
 * @typedef {import("./host_types.js").GraphNode} GraphNode
 * @typedef {import("./types.js").Candidate} Candidate
 * @typedef {import("./types.js").Regions} Regions
 * @typedef {{filename: string, subfolder?: string, type?: string}} Shown
 */

const EMPTY_PX = 40;
const FULL_PX = 420;

/** @type {WeakMap<GraphNode, RegionPanel>} */
const panels = new WeakMap();

/**
 * The regions of a node, or undefined if it has none.
 *
 * @param {GraphNode} node
 */
export function regionsOf(node) {
  return panels.get(node);
}

/** The regions that one node found. */
export class RegionPanel {
  /** @param {GraphNode} node */
  constructor(node) {
    this.node = node;
    /** @type {Regions[]} */
    this.regions = [];
    /** @type {Shown[]} */
    this.images = [];
    this.read = "";
    const height = () => (this.regions.length ? FULL_PX : EMPTY_PX);
    this.element = addPanel(node, "polaris_regions", t("regions_of_node"), height);
    this.element.classList.add("polaris-regions");
    panels.set(node, this);
    this.#draw();
  }

  /** Show what the node gave out last, if the host still knows it. */
  recall() {
    takePlace(this.node, this.element);
    const output = app.nodeOutputs?.[outputKey(this.node, rootGraph())];
    if (output?.polaris_regions) this.show(output);
  }

  /** @param {any} output As the node told it. */
  show(output) {
    if (!Array.isArray(output.polaris_regions) || output.polaris_regions === this.regions) return;
    this.regions = output.polaris_regions;
    this.images = Array.isArray(output.images) ? output.images : [];
    // The numbered picture is ours to show: the host would show it a second time.
    this.node.hideOutputImages = true;
    this.node.onDrawBackground = () => undefined;
    this.#draw();
    takePlace(this.node, this.element);
    grow(this.node);
  }

  /** Mark what is chosen, if the input has changed. */
  refresh() {
    if (this.#choice() !== this.read) this.#draw();
  }

  #choice() {
    return String(this.#place()?.widget.value ?? "");
  }

  #place() {
    return placeOf(this.node, "choice", rootGraph());
  }

  /**
   * @param {number} clicked
   * @param {MouseEvent} event
   */
  #choose(clicked, event) {
    const place = this.#place();
    if (!place) return;
    const together = event.ctrlKey || event.metaKey || event.shiftKey;
    const text = choiceAfter(String(place.widget.value ?? ""), clicked, together);
    inOneStep(() => write(place, text));
    const at = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.number;
    this.#draw();
    if (at) focusNumber(this.element, at);
  }

  #draw() {
    this.read = this.#choice();
    this.element.classList.toggle("polaris-full", this.regions.length > 0);
    if (!this.regions.length) {
      fill(this.element, h("p", { class: "polaris-hint" }, t("regions_after_run")));
      return;
    }
    fill(this.element, ...this.regions.map((one, place) => this.#picture(one, this.images[place])));
  }

  /**
   * @param {Regions} regions
   * @param {Shown | undefined} image
   */
  #picture(regions, image) {
    const wanted = numbersIn(this.read);
    const chosen = new Set(wanted.length ? wanted : regions.chosen);
    const sure = regions.sure ? t("sure") : t("not_sure");
    const percent = Math.round(regions.confidence * 100);
    const heading = h(
      "h4",
      {},
      regions.sought,
      h("span", { class: regions.sure ? "polaris-count" : "polaris-count polaris-warn" },
        t("confidence", { sure, percent })),
    );
    return h(
      "section",
      { "aria-label": regions.sought },
      heading,
      image ? this.#overlay(regions, image, chosen) : null,
      h("div", { class: "polaris-numbers", role: "group", "aria-label": t("choose_region") },
        ...regions.candidates.map((one) => this.#number(one, chosen))),
      h("p", { class: "polaris-hint" }, this.#place() ? t("choose_hint") : t("choice_connected")),
      ...regions.notes.map((note) => h("p", { class: "polaris-note" }, note)),
    );
  }

  /**
   * @param {Candidate} candidate
   * @param {Set<number>} chosen
   */
  #number(candidate, chosen) {
    const percent = Math.round(candidate.score * 100);
    return button(
      String(candidate.number),
      (event) => this.#choose(candidate.number, event),
      {
        class: "polaris-number",
        "data-number": candidate.number,
        "aria-pressed": String(chosen.has(candidate.number)),
        title: t("region_title", { number: candidate.number, percent }),
        disabled: !this.#place(),
      },
    );
  }

  /**
   * @param {Regions} regions
   * @param {Shown} image
   * @param {Set<number>} chosen
   */
  #overlay(regions, image, chosen) {
    const { filename, subfolder = "", type = "temp" } = image;
    const source = api.apiURL(`/view?${new URLSearchParams({ filename, subfolder, type })}`);
    const canvas = h("canvas", { width: CELLS, height: CELLS, "aria-hidden": "true" });
    const held = regions.candidates.map((candidate) => ({
      candidate,
      cells: cellsOf(candidate.bits),
    }));
    paint(canvas, held.filter(({ candidate }) => chosen.has(candidate.number)));
    const frame = h(
      "div",
      { class: "polaris-overlay" },
      h("img", { src: source, alt: t("numbered_picture"), draggable: "false" }),
      canvas,
    );
    frame.style.aspectRatio = `${regions.width} / ${regions.height}`;
    frame.addEventListener("click", (event) => {
      const box = frame.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width;
      const y = (event.clientY - box.top) / box.height;
      const hit = candidateAt(held, x, y);
      if (hit) this.#choose(hit.number, event);
    });
    return frame;
  }
}

/**
 * Tint the cells of what is chosen.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{cells: Uint8Array}[]} chosen
 */
function paint(canvas, chosen) {
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = "#3fa9f5";
  for (const { cells } of chosen) {
    for (let row = 0; row < CELLS; row++) {
      for (let column = 0; column < CELLS; column++) {
        if (holds(cells, column, row)) context.fillRect(column, row, 1, 1);
      }
    }
  }
}

/**
 * @param {HTMLElement} element
 * @param {string} number
 */
function focusNumber(element, number) {
  for (const one of element.querySelectorAll("button")) {
    if (one.dataset.number === number) return one.focus();
  }
}
