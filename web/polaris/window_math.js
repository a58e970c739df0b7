/** Which rows of a long list are to be seen. */

/** Browsers cannot make elements of any height. */
export const TALLEST_PX = 8_000_000;

/**
 * How high the scrolled element is.
 *
 * @param {number} rows
 * @param {number} rowPx
 */
export function heightOf(rows, rowPx) {
  return Math.min(rows * rowPx, TALLEST_PX);
}

/**
 * The rows to be seen, and where the first of them is drawn.
 *
 * Where the list would be taller than an element can be, a step of the scroll bar is more than it
 * looks like: the ends still meet.
 *
 * @param {number} scrollTop
 * @param {number} viewPx
 * @param {number} rows
 * @param {number} rowPx
 * @param {number} [spare] Rows drawn beyond either edge.
 * @returns {{first: number, last: number, topPx: number}} `last` is the one after the last.
 */
export function visibleRows(scrollTop, viewPx, rows, rowPx, spare = 3) {
  const whole = rows * rowPx;
  const shown = heightOf(rows, rowPx);
  const stretch = shown < whole && shown > viewPx ? (whole - viewPx) / (shown - viewPx) : 1;
  const at = Math.max(0, Math.min(scrollTop, shown - viewPx)) * stretch;
  const first = Math.max(0, Math.floor(at / rowPx) - spare);
  const last = Math.min(rows, Math.ceil((at + viewPx) / rowPx) + spare);
  return { first, last, topPx: first * rowPx - at + Math.min(scrollTop, Math.max(0, shown - viewPx)) };
}

/**
 * Where to scroll so that a row is wholly seen; the present place if it is.
 *
 * @param {number} row
 * @param {number} scrollTop
 * @param {number} viewPx
 * @param {number} rows
 * @param {number} rowPx
 */
export function scrollTo(row, scrollTop, viewPx, rows, rowPx) {
  const whole = rows * rowPx;
  const shown = heightOf(rows, rowPx);
  const stretch = shown < whole && shown > viewPx ? (whole - viewPx) / (shown - viewPx) : 1;
  const at = scrollTop * stretch;
  if (row * rowPx < at) return (row * rowPx) / stretch;
  if ((row + 1) * rowPx > at + viewPx) return ((row + 1) * rowPx - viewPx) / stretch;
  return scrollTop;
}

/**
 * Pages that hold rows.
 *
 * @param {number} first
 * @param {number} last
 * @param {number} pageRows
 * @returns {number[]}
 */
export function pagesOf(first, last, pageRows) {
  const pages = [];
  for (let page = Math.floor(first / pageRows); page * pageRows < last; page++) pages.push(page);
  return pages;
}
