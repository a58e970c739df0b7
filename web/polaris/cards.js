/** A card: who it is, why it was found, and what can be done with it. */

import { button, h } from "./dom.js";
import { thumbnailOf } from "./api.js";
import { t, word } from "./text.js";

/**
 * @typedef {import("./types.js").ResultCard} ResultCard
 * @typedef {import("./types.js").PinState} PinState
 *
 * @typedef {object} PinActions What the buttons of a card in a node do.
 * @property {(card: ResultCard, action: "pin" | "ban" | "clear") => void} act
 * @property {(card: ResultCard, strength: number | null) => void} setStrength
 * @property {string} blocked Why they cannot be used; empty if they can.
 */

const MOST_WORDS = 6;

/**
 * The part of every card that only tells.
 *
 * @param {ResultCard} card
 * @returns {HTMLElement[]}
 */
export function cardBody(card) {
  return [picture(card), h("div", { class: "polaris-card-text" }, ...texts(card))];
}

/**
 * @param {ResultCard} card
 * @returns {HTMLElement}
 */
function picture(card) {
  const source = thumbnailOf(card);
  const initial = Array.from(card.name.trim())[0] ?? "?";
  const empty = h("div", { class: "polaris-thumb polaris-thumb-empty", "aria-hidden": "true" }, initial);
  if (!source) return empty;
  const image = h("img", {
    class: "polaris-thumb",
    src: source,
    alt: "",
    loading: "lazy",
    decoding: "async",
    draggable: "false",
  });
  image.addEventListener("error", () => image.replaceWith(empty), { once: true });
  return image;
}

/**
 * @param {ResultCard} card
 * @returns {(HTMLElement | null)[]}
 */
function texts(card) {
  return [
    h("div", { class: "polaris-name", title: `${card.name}\n${card.file}` }, card.name),
    h("div", { class: "polaris-badges" }, ...badges(card)),
    card.share === undefined ? null : bar(card.share),
    triggerWords(card),
    h("div", { class: "polaris-reason" }, card.reason || card.about),
  ];
}

/**
 * @param {ResultCard} card
 * @returns {HTMLElement[]}
 */
function badges(card) {
  const rows = [badge(word("kind", card.kind))];
  if (card.role !== "unknown") rows.push(badge(word("role", card.role)));
  rows.push(badge(card.base_model === "unknown" ? t("base_unknown") : card.base_model));
  if (card.picked) rows.push(badge(t("picked"), "polaris-good"));
  if (card.dropped) rows.push(badge(t("dropped"), "polaris-dim"));
  if (!card.on_disk) rows.push(badge(t("not_on_disk"), "polaris-warn"));
  if (card.unsafe) rows.push(badge(t("pickled"), "polaris-warn"));
  if (card.maturity !== "PG" && card.maturity !== "UNKNOWN") rows.push(badge(card.maturity));
  return rows;
}

/**
 * @param {string} text
 * @param {string} [kind]
 */
function badge(text, kind = "") {
  return h("span", { class: `polaris-badge ${kind}`.trim() }, text);
}

/** @param {ResultCard} card */
function triggerWords(card) {
  if (!card.trigger_words.length) return null;
  const shown = card.trigger_words.slice(0, MOST_WORDS).join(", ");
  return h("div", { class: "polaris-words", title: card.trigger_words.join(", ") }, shown);
}

/** @param {number} share */
function bar(share) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  const fill = h("span", { class: "polaris-bar-fill" });
  fill.style.width = `${percent}%`;
  const label = t("score_percent", { percent });
  return h("div", { class: "polaris-bar", role: "img", "aria-label": label, title: label }, fill);
}

/**
 * A card in a node, with its buttons.
 *
 * @param {ResultCard} card
 * @param {PinActions} actions
 */
export class NodeCard {
  /**
   * @param {ResultCard} card
   * @param {PinActions} actions
   */
  constructor(card, actions) {
    this.card = card;
    this.actions = actions;
    /** @type {PinState | null} */
    this.state = null;
    this.pin = button(t("pin"), () => this.#toggle("pin"), { class: "polaris-small" });
    this.ban = button(t("ban"), () => this.#toggle("ban"), { class: "polaris-small" });
    this.strength = card.kind === "lora" ? this.#strengthField() : null;
    const dropped = card.dropped ? " polaris-dropped" : "";
    const picked = card.picked ? " polaris-picked" : "";
    this.element = h(
      "article",
      {
        class: `polaris-card${picked}${dropped}`,
        "aria-label": card.name,
        "data-entry": card.id,
      },
      ...cardBody(card),
      h("div", { class: "polaris-actions" }, this.pin, this.ban, this.strength),
    );
    this.show({
      pinned: card.pinned ?? false,
      banned: card.banned ?? false,
      strength: card.asked_strength ?? null,
      slot: null,
      frozen: false,
    });
  }

  /**
   * Draw what the pins say of it now.
   *
   * @param {PinState} state
   */
  show(state) {
    this.state = state;
    mark(this.pin, state.pinned, state.pinned ? t("unpin") : t("pin"));
    mark(this.ban, state.banned, state.banned ? t("unban") : t("ban"));
    const { blocked } = this.actions;
    for (const one of [this.pin, this.ban, this.strength]) {
      if (!one) continue;
      one.disabled = Boolean(blocked);
      one.title = blocked || one.dataset.title || "";
    }
    if (this.strength && document.activeElement !== this.strength) {
      this.strength.value = state.strength === null ? "" : String(state.strength);
    }
    this.element.classList.toggle("polaris-is-pinned", state.pinned);
    this.element.classList.toggle("polaris-is-banned", state.banned);
  }

  /** @param {"pin" | "ban"} action */
  #toggle(action) {
    const held = action === "pin" ? this.state?.pinned : this.state?.banned;
    this.actions.act(this.card, held ? "clear" : action);
  }

  #strengthField() {
    const field = h("input", {
      type: "number",
      class: "polaris-strength",
      min: -10,
      max: 10,
      step: 0.05,
      placeholder: this.card.strength ?? t("strength_short"),
      "aria-label": t("strength_of", { name: this.card.name }),
    });
    field.dataset.title = t("strength_title");
    field.addEventListener("change", () => {
      const text = field.value.trim();
      const value = Number(text);
      if (text && !(value >= -10 && value <= 10)) {
        field.setCustomValidity(t("strength_range"));
        field.reportValidity();
        return;
      }
      field.setCustomValidity("");
      this.actions.setStrength(this.card, text ? value : null);
    });
    return field;
  }
}

/**
 * @param {HTMLButtonElement} element
 * @param {boolean} pressed
 * @param {string} label
 */
function mark(element, pressed, label) {
  element.textContent = label;
  element.setAttribute("aria-pressed", String(pressed));
}
