/** Our texts in the language of the page. */

/** @type {Record<string, Record<string, string>>} */
let messages = {};
/** @type {() => string} */
let locale = () => "en";

/**
 * Give the texts of all languages.
 *
 * @param {Record<string, any>} all What `/i18n` answers: by language, ours under `polaris`.
 * @param {() => string} current Tells the language of the page.
 */
export function setMessages(all, current) {
  messages = Object.fromEntries(
    Object.entries(all).map(([language, texts]) => [language, texts?.polaris ?? {}]),
  );
  locale = current;
}

/**
 * A text by its key, with the values in its `{places}`.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const language = locale();
  const general = language.split("-")[0] ?? "en";
  const text = messages[language]?.[key] ?? messages[general]?.[key] ?? messages.en?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (/** @type {string} */ whole, /** @type {string} */ name) =>
    String(values[name] ?? whole),
  );
}

/**
 * The word for one of the server's words (a kind, a role …); itself where we have none.
 *
 * @param {string} group
 * @param {string} name
 */
export function word(group, name) {
  const key = `${group}_${name}`;
  const text = t(key);
  return text === key ? name : text;
}

/**
 * A number with the separators of the language.
 *
 * @param {number} value
 */
export function number(value) {
  return value.toLocaleString(locale());
}

/**
 * A size in the largest unit that fits.
 *
 * @param {number} bytes
 */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
