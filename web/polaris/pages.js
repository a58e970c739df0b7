/** Cards by their place in a list: all of the zoo, page by page, or what was found. */

import { pagesOf } from "./window_math.js";

/**
 * @typedef {import("./types.js").ResultCard} ResultCard
 * @typedef {import("./types.js").CardPage} CardPage
 *
 * @typedef {object} Source What a list shows.
 * @property {number} total
 * @property {(place: number) => ResultCard | undefined} at
 * @property {(first: number, last: number) => void} want Ask for rows; `onchange` tells when there.
 * @property {() => void} close
 */

const PAGE_ROWS = 100;
const KEPT_PAGES = 24;

/**
 * What was found: it is all here.
 *
 * @implements {Source}
 */
export class FoundCards {
  /** @param {ResultCard[]} cards */
  constructor(cards) {
    this.cards = cards;
    this.total = cards.length;
  }

  /** @param {number} place */
  at(place) {
    return this.cards[place];
  }

  want() {}

  close() {}
}

/**
 * All of a zoo. A few pages are kept; those that are scrolled past are not waited for.
 *
 * @implements {Source}
 */
export class PagedCards {
  /**
   * @param {(offset: number, limit: number, signal: AbortSignal) => Promise<CardPage>} fetchPage
   * @param {() => void} onchange
   * @param {(error: unknown) => void} onerror
   */
  constructor(fetchPage, onchange, onerror) {
    this.fetchPage = fetchPage;
    this.onchange = onchange;
    this.onerror = onerror;
    this.total = 0;
    this.key = "";
    /** @type {Map<number, ResultCard[]>} */
    this.pages = new Map();
    /** @type {Map<number, AbortController>} */
    this.open = new Map();
    this.closed = false;
  }

  /** Fetch the first page. */
  start() {
    return this.#fetch(0);
  }

  /** @param {number} place */
  at(place) {
    return this.pages.get(Math.floor(place / PAGE_ROWS))?.[place % PAGE_ROWS];
  }

  /**
   * @param {number} first
   * @param {number} last
   */
  want(first, last) {
    if (this.closed || last <= first) return;
    const wanted = pagesOf(first, last, PAGE_ROWS);
    for (const [page, controller] of this.open) {
      if (!wanted.includes(page) && this.total) controller.abort();
    }
    for (const page of wanted) {
      const held = this.pages.get(page);
      if (held) {
        this.pages.delete(page); // the one looked at last is the last to be forgotten
        this.pages.set(page, held);
      } else if (!this.open.has(page)) {
        void this.#fetch(page);
      }
    }
  }

  close() {
    this.closed = true;
    for (const controller of this.open.values()) controller.abort();
    this.open.clear();
  }

  /** @param {number} page */
  async #fetch(page) {
    const controller = new AbortController();
    this.open.set(page, controller);
    try {
      const reply = await this.fetchPage(page * PAGE_ROWS, PAGE_ROWS, controller.signal);
      if (this.closed) return;
      if (this.key && reply.key !== this.key) this.pages.clear();
      this.key = reply.key;
      this.total = reply.total;
      this.pages.set(page, reply.cards);
      this.#forget();
      this.onchange();
    } catch (error) {
      if (!controller.signal.aborted && !this.closed) this.onerror(error);
    } finally {
      if (this.open.get(page) === controller) this.open.delete(page);
    }
  }

  #forget() {
    for (const page of this.pages.keys()) {
      if (this.pages.size <= KEPT_PAGES) return;
      this.pages.delete(page);
    }
  }
}
