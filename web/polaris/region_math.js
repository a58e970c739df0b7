/** Which region lies under a click, and what a click makes of the choice. */

/** @typedef {import("./types.js").Candidate} Candidate */

/** Cells along one side of a candidate's map. */
export const CELLS = 64;

/**
 * The cells of a candidate.
 *
 * @param {string} bits
 * @returns {Uint8Array} 512 bytes; empty if the text is none.
 */
export function cellsOf(bits) {
  try {
    const text = atob(bits);
    const cells = Uint8Array.from(text, (one) => one.charCodeAt(0));
    return cells.length === (CELLS * CELLS) / 8 ? cells : new Uint8Array();
  } catch {
    return new Uint8Array();
  }
}

/**
 * Whether a cell belongs to a candidate.
 *
 * @param {Uint8Array} cells
 * @param {number} column
 * @param {number} row
 */
export function holds(cells, column, row) {
  const place = row * CELLS + column;
  return Boolean((cells[place >> 3] ?? 0) & (128 >> (place & 7)));
}

/**
 * The smallest candidate under a place.
 *
 * @param {{candidate: Candidate, cells: Uint8Array}[]} candidates
 * @param {number} x In [0, 1) from the left.
 * @param {number} y In [0, 1) from the top.
 * @returns {Candidate | null}
 */
export function candidateAt(candidates, x, y) {
  if (!(x >= 0 && x < 1 && y >= 0 && y < 1)) return null;
  const column = Math.floor(x * CELLS);
  const row = Math.floor(y * CELLS);
  const hit = candidates.filter(({ cells }) => holds(cells, column, row));
  hit.sort((a, b) => a.candidate.area_px - b.candidate.area_px);
  return hit[0]?.candidate ?? null;
}

/**
 * The numbers that stand in the input `choice`.
 *
 * @param {string} text
 * @returns {number[]}
 */
export function numbersIn(text) {
  return [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits));
}

/**
 * The input `choice` after a click.
 *
 * @param {string} text As it stands.
 * @param {number} clicked
 * @param {boolean} together Whether the others stay chosen.
 */
export function choiceAfter(text, clicked, together) {
  const before = new Set(numbersIn(text));
  if (!together) return before.size === 1 && before.has(clicked) ? "" : String(clicked);
  if (!before.delete(clicked)) before.add(clicked);
  return [...before].sort((a, b) => a - b).join(", ");
}
