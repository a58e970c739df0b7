/** The sidebar: the zoo's state, its jobs, search, filters, and all its cards. */

import { getCards, getStatus, readPlans, searchPicture, searchText } from "./api.js";
import { button, fill, h } from "./dom.js";
import { Filters } from "./filters.js";
import { restorePlans } from "./freeze.js";
import { api, setting } from "./host.js";
import { JobBar } from "./job_bar.js";
import { isOver } from "./jobs.js";
import { addLoader } from "./loader.js";
import { FoundCards, PagedCards } from "./pages.js";
import { SearchBox } from "./search_box.js";
import { sidebarCard } from "./sidebar_card.js";
import { number, t } from "./text.js";
import { VirtualList } from "./virtual_list.js";
import { ZooStatus } from "./zoo_status.js";

/** As high as a card of the sidebar is drawn. */
const ROW_PX = 150;
const MOST_FOUND = 200;

/** One sidebar, from its opening to its closing. */
class Sidebar {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.status = new ZooStatus();
    this.jobs = new JobBar((error) => this.#fail(error));
    this.search = new SearchBox({
      onText: (text) => void this.#search((signal) => this.#byText(text, signal)),
      onPicture: (picture) => void this.#picture(picture),
      onClear: () => void this.#browse(),
    });
    const maturity = setting("Polaris.Maturity", "PG").replace("-", "");
    this.filters = new Filters(maturity, () => this.#again());
    this.list = new VirtualList({
      label: t("cards_of_zoo"),
      rowPx: ROW_PX,
      draw: (card) => sidebarCard(card, () => this.filters.maturity),
      open: (card) => void addLoader(card.id),
    });
    this.offer = h("div", { class: "polaris-offer", role: "status" });
    /** @type {(() => void) | null} */
    this.repeat = null;
    /** @type {AbortController | null} */
    this.asking = null;
    this.element = h(
      "div",
      { class: "polaris polaris-sidebar", "data-testid": "polaris-sidebar" },
      this.status.element,
      this.jobs.element,
      this.search.element,
      this.offer,
      this.filters.element,
      this.list.element,
    );
    this.element.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
    });
    parent.append(this.element);
    api.addEventListener("polaris.job", this.#onJob);
    api.addEventListener("polaris.zoo", this.#onZoo);
    void this.#browse().finally(() => this.#refresh()); // the cards are what is waited for
  }

  close() {
    api.removeEventListener("polaris.job", this.#onJob);
    api.removeEventListener("polaris.zoo", this.#onZoo);
    this.asking?.abort();
    this.list.close();
    this.element.remove();
  }

  /** @param {CustomEvent} event */
  #onJob = (event) => {
    const job = event.detail;
    if (job.kind !== "scan" && job.kind !== "index") return;
    this.jobs.show(job);
    if (isOver(job)) void this.#refresh();
  };

  #onZoo = () => {
    void this.#refresh();
    this.#again();
  };

  async #refresh() {
    try {
      const status = await getStatus();
      this.status.show(status);
      if (status.job) this.jobs.show(status.job);
    } catch (/** @type {any} */ error) {
      this.status.fail([error.message, error.hint].filter(Boolean).join(". "));
    }
  }

  #again() {
    if (this.repeat) this.repeat();
    else void this.#browse();
  }

  #browse() {
    this.repeat = null;
    this.asking?.abort();
    fill(this.offer);
    const fields = this.filters.browsing();
    const source = new PagedCards(
      (offset, limit, signal) => getCards({ ...fields, offset, limit }, signal),
      () => {
        this.list.update();
        this.search.say(t("shown_count", { count: number(source.total) }));
      },
      (error) => this.#fail(error),
    );
    this.list.show(source);
    return source.start();
  }

  /** @param {(signal: AbortSignal) => Promise<import("./types.js").Found>} ask */
  async #search(ask) {
    this.repeat = () => void this.#search(ask);
    this.asking?.abort();
    const controller = new AbortController();
    this.asking = controller;
    this.search.say(t("searching"), true);
    try {
      const found = await ask(controller.signal);
      if (controller.signal.aborted) return;
      this.list.show(new FoundCards(found.cards));
      const key = found.asked === "picture" ? "found_by_picture" : "found_by_text";
      const seconds = found.seconds.toFixed(2);
      this.search.say(t(key, { count: number(found.cards.length), seconds }), true);
    } catch (error) {
      if (!controller.signal.aborted) this.#fail(error);
    }
  }

  /**
   * @param {string} text
   * @param {AbortSignal} signal
   */
  #byText(text, signal) {
    return searchText({ text, limit: MOST_FOUND, ...this.filters.searching() }, signal);
  }

  /** @param {File} picture */
  async #picture(picture) {
    fill(this.offer);
    if (picture.type === "image/png") await this.#offerPlans(picture);
    await this.#search((signal) =>
      searchPicture(picture, { limit: MOST_FOUND, ...this.filters.searching() }, signal),
    );
  }

  /** @param {File} picture */
  async #offerPlans(picture) {
    try {
      const { plans } = await readPlans(picture);
      if (!Object.keys(plans).length) return;
      fill(
        this.offer,
        t("plan_in_picture"),
        button(t("restore_plan"), () => void restorePlans(plans)),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {any} error */
  #fail(error) {
    this.search.say([String(error?.message ?? error), error?.hint].filter(Boolean).join(". "), true);
  }
}

/** @type {Sidebar | null} */
let shown = null;

/** What the host is told of the tab. */
export const sidebarTab = {
  id: "polaris",
  icon: "pi pi-compass",
  title: "Polaris",
  tooltip: "Polaris",
  type: "custom",
  /** @param {HTMLElement} element */
  render(element) {
    // The host calls this again whenever it draws the tab anew.
    if (shown && element.contains(shown.element)) return;
    shown?.close();
    element.style.height = "100%";
    shown = new Sidebar(element);
  },
  destroy() {
    shown?.close();
    shown = null;
  },
};
