/** A list of any length of which only the rows to be seen are drawn. */

import { h } from "./dom.js";
import { heightOf, scrollTo, visibleRows } from "./window_math.js";

/**
 * @typedef {import("./types.js").ResultCard} ResultCard
 * @typedef {import("./pages.js").Source} Source
 */

const BETWEEN_MS = 60;
/** Rows that fly past cannot be read: they are drawn empty, and not asked for. */
const SOON_MS = 150;

/** The list: arrows, Home, End and page keys move along it. */
export class VirtualList {
  /**
   * @param {object} options
   * @param {string} options.label
   * @param {number} options.rowPx
   * @param {(card: ResultCard) => HTMLElement} options.draw
   * @param {(card: ResultCard) => void} options.open What Enter does.
   */
  constructor({ label, rowPx, draw, open }) {
    this.rowPx = rowPx;
    this.draw = draw;
    this.open = open;
    this.active = 0;
    /** @type {Source | null} */
    this.source = null;
    /** @type {Map<number, {card: ResultCard | undefined, element: HTMLElement}>} */
    this.rows = new Map();
    this.inner = h("div", { class: "polaris-rows", role: "list", "aria-label": label });
    this.element = h("div", { class: "polaris-list", tabindex: -1 }, this.inner);
    this.element.addEventListener("scroll", () => this.#later(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.inner.addEventListener("focusin", (event) => this.#focused(event));
    this.resized = new ResizeObserver(() => this.#later());
    this.resized.observe(this.element);
  }

  /** @param {Source} source Of which the first rows are shown. */
  show(source) {
    this.source?.close();
    this.source = source;
    this.active = 0;
    this.element.scrollTop = 0;
    this.#clear();
    this.update();
  }

  /** Draw again what has come. */
  update() {
    if (!this.source) return;
    this.inner.style.height = `${heightOf(this.source.total, this.rowPx)}px`;
    this.#later();
  }

  /** Give back what it holds. */
  close() {
    this.source?.close();
    this.resized.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
  }

  frame = 0;
  timer = 0;
  /** @type {[number, number]} */
  wanted = [0, 0];
  painted = { top: 0, ms: 0 };

  #later() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.#paint();
    });
  }

  /** @param {boolean} [here] Whether it stays here, as after a key. */
  #paint(here = false) {
    const { source } = this;
    if (!source) return;
    const { scrollTop, clientHeight } = this.element;
    const { first, last, topPx } = visibleRows(scrollTop, clientHeight, source.total, this.rowPx);
    const now = performance.now();
    const { top, ms } = this.painted;
    const flying = !here && Math.abs(scrollTop - top) > clientHeight && now - ms < SOON_MS;
    this.painted = { top: scrollTop, ms: now };
    let focused = -1;
    for (const [place, row] of this.rows) {
      const seen = place >= first && place < last;
      if (seen && (flying || row.card === source.at(place))) continue;
      if (row.element.contains(document.activeElement)) focused = place;
      row.element.remove();
      this.rows.delete(place);
    }
    for (let place = first; place < last; place++) {
      const row = this.rows.get(place) ?? this.#row(place, flying ? undefined : source.at(place));
      row.element.style.transform = `translateY(${topPx + (place - first) * this.rowPx}px)`;
    }
    this.rows.get(focused)?.element.focus({ preventScroll: true });
    this.wanted = [first, last];
    if (flying) clearTimeout(this.timer);
    if (flying || !this.timer) {
      this.timer = window.setTimeout(() => this.#ask(flying), BETWEEN_MS);
    }
  }

  /** @param {boolean} draw Whether what is here was not drawn. */
  #ask(draw) {
    this.timer = 0;
    this.source?.want(this.wanted[0], this.wanted[1]);
    if (draw) this.#later();
  }

  /**
   * @param {number} place
   * @param {ResultCard | undefined} card
   */
  #row(place, card) {
    const element = card ? this.draw(card) : h("div", { class: "polaris-card polaris-waiting" });
    element.setAttribute("role", "listitem");
    element.setAttribute("aria-posinset", String(place + 1));
    element.setAttribute("aria-setsize", String(this.source?.total ?? 0));
    element.tabIndex = place === this.active ? 0 : -1;
    element.dataset.place = String(place);
    const row = { card, element };
    this.rows.set(place, row);
    this.inner.append(element);
    return row;
  }

  #clear() {
    for (const { element } of this.rows.values()) element.remove();
    this.rows.clear();
  }

  /** @param {FocusEvent} event */
  #focused(event) {
    const row = /** @type {HTMLElement} */ (event.target).closest("[data-place]");
    if (row instanceof HTMLElement) this.#activate(Number(row.dataset.place));
  }

  /** @param {number} place */
  #activate(place) {
    this.active = place;
    for (const [at, { element }] of this.rows) element.tabIndex = at === place ? 0 : -1;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!this.source?.total || target.closest("input, select, textarea")) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.rowPx) - 1);
    const last = this.source.total - 1;
    /** @type {Record<string, number>} */
    const steps = {
      ArrowDown: this.active + 1,
      ArrowUp: this.active - 1,
      PageDown: this.active + page,
      PageUp: this.active - page,
      Home: 0,
      End: last,
    };
    const step = steps[event.key];
    if (step !== undefined) this.#moveTo(Math.min(last, Math.max(0, step)));
    else if (event.key === "Enter" && target.dataset.place !== undefined) this.#enter();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #enter() {
    const card = this.source?.at(this.active);
    if (card) this.open(card);
  }

  /** @param {number} place */
  #moveTo(place) {
    const { scrollTop, clientHeight } = this.element;
    const rows = this.source?.total ?? 0;
    this.element.scrollTop = scrollTo(place, scrollTop, clientHeight, rows, this.rowPx);
    this.#activate(place);
    this.#paint(true);
    this.rows.get(place)?.element.focus({ preventScroll: true });
  }
}
