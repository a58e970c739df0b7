/** The cards under a retriever or Tree Rerank: what was found, and clicks that pin or ban it. */

import { NodeCard } from "./cards.js";
import { fill, h } from "./dom.js";
import { classOf, outputKey, RERANK } from "./graph.js";
import { app, rootGraph, toast } from "./host.js";
import { addPanel, grow, takePlace } from "./panel.js";
import { changePins, pinsPlace, pinStates } from "./pins.js";
import { t, word } from "./text.js";

/**
 * @typedef {import("./host_types.js").GraphNode} GraphNode
 * @typedef {import("./types.js").ResultCard} ResultCard
 * @typedef {import("./types.js").Slot} Slot
 * @typedef {import("./types.js").SlotName} SlotName
 */

const EMPTY_PX = 40;
const FULL_PX = 260;
const NODE_WIDTH_PX = 420;

/** @type {WeakMap<GraphNode, CardPanel>} */
const panels = new WeakMap();

/**
 * The cards of a node, or undefined if it has none.
 *
 * @param {GraphNode} node
 */
export function panelOf(node) {
  return panels.get(node);
}

/** The cards of one node. */
export class CardPanel {
  /** @param {GraphNode} node */
  constructor(node) {
    this.node = node;
    /** @type {Slot[]} */
    this.slots = [];
    /** @type {NodeCard[]} */
    this.cards = [];
    this.read = "";
    const height = () => (this.slots.length ? FULL_PX : EMPTY_PX);
    this.element = addPanel(node, "polaris_cards", t("cards_of_node"), height);
    panels.set(node, this);
    this.#draw();
  }

  /** Show what the node gave out last, if the host still knows it. */
  recall() {
    takePlace(this.node, this.element);
    const output = app.nodeOutputs?.[outputKey(this.node, rootGraph())];
    if (output?.polaris_cards) this.show(output.polaris_cards);
  }

  /** @param {unknown} slots As the node told them. */
  show(slots) {
    if (!Array.isArray(slots) || slots === this.slots) return;
    this.slots = slots;
    this.#draw();
    takePlace(this.node, this.element);
    grow(this.node, NODE_WIDTH_PX);
    void this.refresh(true);
  }

  /**
   * Ask what the pins say of the cards, if they have changed.
   *
   * @param {boolean} [always]
   */
  async refresh(always = false) {
    if (!this.cards.length) return;
    const place = pinsPlace(this.node);
    const text = place ? String(place.widget.value ?? "") : "";
    const blocked = place ? "" : t("pins_connected");
    const changed = text !== this.read || this.#actions.blocked !== blocked;
    if (!changed && !always) return;
    this.read = text;
    this.#actions.blocked = blocked;
    try {
      this.#showStates(place ? await pinStates(place, this.cards.map(({ card }) => card.id)) : {});
    } catch (error) {
      this.#fail(error);
    }
  }

  #actions = {
    blocked: "",
    /** @type {(card: ResultCard, action: "pin" | "ban" | "clear") => void} */
    act: (card, action) => void this.#change(card, action, null),
    /** @type {(card: ResultCard, strength: number | null) => void} */
    setStrength: (card, strength) => void this.#change(card, "strength", strength),
  };

  /**
   * @param {ResultCard} card
   * @param {"pin" | "ban" | "clear" | "strength"} action
   * @param {number | null} strength
   */
  async #change(card, action, strength) {
    const slot = this.#slotOf(card);
    const edit = { action, entry: card.id, slot: action === "pin" ? slot : null, strength };
    try {
      const entries = this.cards.map((one) => one.card.id);
      const states = await changePins(() => pinsPlace(this.node), edit, entries);
      this.read = String(pinsPlace(this.node)?.widget.value ?? "");
      this.#showStates(states);
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * @param {ResultCard} card
   * @returns {SlotName | null}
   */
  #slotOf(card) {
    return this.slots.find((slot) => slot.cards.includes(card))?.slot ?? null;
  }

  /** @param {Record<string, import("./types.js").PinState>} states */
  #showStates(states) {
    for (const one of this.cards) {
      const state = states[String(one.card.id)] ?? one.state;
      if (state) one.show(state);
    }
  }

  /** @param {any} error */
  #fail(error) {
    toast("error", String(error?.message ?? error), String(error?.hint ?? ""));
  }

  #draw() {
    this.cards = [];
    this.element.classList.toggle("polaris-full", this.slots.length > 0);
    if (!this.slots.length) {
      fill(this.element, h("p", { class: "polaris-hint" }, t("cards_after_run")));
      return;
    }
    fill(this.element, ...this.slots.map((slot) => this.#slot(slot)));
  }

  /** @param {Slot} slot */
  #slot(slot) {
    const counted = classOf(this.node) === RERANK ? "kept_count" : "found_count";
    const by = slot.asked_by === "picture" ? t("asked_by_picture") : slot.query;
    const heading = h(
      "h4",
      {},
      word("slot", slot.slot),
      by ? h("span", { class: "polaris-query" }, by) : null,
      h("span", { class: "polaris-count" }, t(counted, { count: slot.found })),
    );
    const cards = slot.cards.map((card) => new NodeCard(card, this.#actions));
    this.cards.push(...cards);
    return h(
      "section",
      { "aria-label": word("slot", slot.slot) },
      heading,
      slot.note ? h("p", { class: "polaris-note" }, slot.note) : null,
      ...cards.map((card) => card.element),
    );
  }
}
