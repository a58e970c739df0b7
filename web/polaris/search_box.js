/** Search by a sentence, or by a picture that is dropped or chosen. */

import { button, fill, h } from "./dom.js";
import { t } from "./text.js";

const PICTURES = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"];
const LARGEST_BYTES = 32 << 20;
const LONGEST = 2000;

/** The box over the list. */
export class SearchBox {
  /**
   * @param {object} told
   * @param {(text: string) => void} told.onText
   * @param {(picture: File) => void} told.onPicture
   * @param {() => void} told.onClear
   */
  constructor({ onText, onPicture, onClear }) {
    this.onPicture = onPicture;
    this.input = h("input", {
      type: "search",
      placeholder: t("search_placeholder"),
      "aria-label": t("search_label"),
      maxlength: LONGEST,
    });
    this.file = h("input", {
      type: "file",
      accept: PICTURES.join(","),
      hidden: true,
      "data-testid": "polaris-picture",
    });
    this.clear = button(t("show_all"), onClear, { hidden: true });
    this.words = h("p", { class: "polaris-hint", role: "status" });
    const choose = button(t("by_picture"), () => this.file.click(), { title: t("by_picture_title") });
    const form = h(
      "form",
      { class: "polaris-search", role: "search" },
      this.input,
      h("button", { type: "submit" }, t("search")),
      choose,
      this.clear,
      this.file,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.input.value.trim();
      if (text) onText(text);
      else onClear();
    });
    this.file.addEventListener("change", () => {
      this.#take(this.file.files?.[0]);
      this.file.value = "";
    });
    this.element = h("div", { class: "polaris-search-box" }, form, this.words);
    this.#acceptDrops();
    this.say(t("drop_hint"));
  }

  /**
   * Tell how it went; whether all is shown again can be asked for.
   *
   * @param {string} message
   * @param {boolean} [searching]
   */
  say(message, searching = false) {
    fill(this.words, message);
    this.clear.hidden = !searching;
  }

  #acceptDrops() {
    /** @param {DragEvent} event */
    const over = (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.stopPropagation();
      this.element.classList.add("polaris-over");
    };
    this.element.addEventListener("dragenter", over);
    this.element.addEventListener("dragover", over);
    this.element.addEventListener("dragleave", () => this.element.classList.remove("polaris-over"));
    this.element.addEventListener("drop", (event) => {
      this.element.classList.remove("polaris-over");
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      event.stopPropagation(); // else the page would open it as a workflow
      this.#take(file);
    });
  }

  /** @param {File | undefined} file */
  #take(file) {
    if (!file) return;
    if (!PICTURES.includes(file.type)) return this.say(t("not_a_picture", { name: file.name }));
    if (file.size > LARGEST_BYTES) return this.say(t("picture_too_large", { name: file.name }));
    this.onPicture(file);
  }
}
