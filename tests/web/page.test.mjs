/** Laws of the page's modules that need no page. `node --test tests/web/` */

import assert from "node:assert/strict";
import { test } from "node:test";

import { distinct } from "../../web/polaris/dialogs.js";
import { isWebAddress } from "../../web/polaris/dom.js";
import { everyNode, feeding, nearestWith, outputKey, placeOf } from "../../web/polaris/graph.js";
import { PagedCards } from "../../web/polaris/pages.js";
import { candidateAt, CELLS, cellsOf, choiceAfter } from "../../web/polaris/region_math.js";
import { setMessages, size, t, word } from "../../web/polaris/text.js";
import { heightOf, pagesOf, scrollTo, TALLEST_PX, visibleRows } from "../../web/polaris/window_math.js";

test("of a list of any length the rows at both ends can be seen, and few at once", () => {
  for (const rows of [0, 1, 5, 80_000, 2_000_000]) {
    for (const view of [100, 700, 5000]) {
      const most = Math.max(0, heightOf(rows, 132) - view);
      for (const share of [0, 0.1, 0.5, 0.999, 1]) {
        const { first, last, topPx } = visibleRows(most * share, view, rows, 132);
        assert.ok(first >= 0 && last <= rows && last - first <= view / 132 + 8);
        if (share === 0) assert.equal(first, 0);
        if (share === 1) assert.equal(last, rows);
        if (rows * 132 <= TALLEST_PX) assert.ok(Math.abs(topPx - first * 132) < 1);
        assert.ok(topPx + (last - first) * 132 <= heightOf(rows, 132) + 4 * 132);
      }
    }
  }
});

test("where a row is scrolled to, it is seen", () => {
  for (const rows of [10, 80_000, 500_000]) {
    for (const row of [0, 3, Math.floor(rows / 2), rows - 1]) {
      const top = scrollTo(row, 0, 600, rows, 132);
      const { first, last } = visibleRows(top, 600, rows, 132, 0);
      assert.ok(first <= row && row < last, `${row} of ${rows}`);
    }
  }
});

test("pages cover the rows and no more", () => {
  assert.deepEqual(pagesOf(95, 205, 100), [0, 1, 2]);
  assert.deepEqual(pagesOf(100, 200, 100), [1]);
  assert.deepEqual(pagesOf(0, 0, 100), []);
});

/** A server of so many cards that tells what was asked of it. */
function zoo(total) {
  const asked = [];
  const fetchPage = async (offset, limit, signal) => {
    asked.push(offset);
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (signal.aborted) throw new Error("aborted");
    const cards = Array.from({ length: Math.min(limit, total - offset) }, (_, n) => ({ id: offset + n }));
    return { total, offset, limit, key: "k", cards };
  };
  return { asked, fetchPage };
}

test("pages are kept, few of them, and asked for once", async () => {
  const { asked, fetchPage } = zoo(80_000);
  const cards = new PagedCards(fetchPage, () => undefined, (error) => assert.fail(String(error)));
  await cards.start();
  assert.equal(cards.total, 80_000);
  cards.want(0, 8);
  assert.deepEqual(asked, [0]);
  for (let place = 0; place < 79_900; place += 1000) {
    cards.want(place, place + 8);
    await new Promise((resolve) => setTimeout(resolve, 3));
    assert.equal(cards.at(place)?.id, place);
  }
  assert.ok(cards.pages.size <= 24);
  cards.close();
});

test("a page that is scrolled past is not waited for, and is no error", async () => {
  const { fetchPage } = zoo(1000);
  const failed = [];
  const cards = new PagedCards(fetchPage, () => undefined, (error) => failed.push(error));
  await cards.start();
  cards.want(300, 310);
  cards.want(700, 710);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(failed, []);
  assert.equal(cards.at(300), undefined);
  assert.equal(cards.at(700)?.id, 700);
});

/** The map of a rectangle, in cells. */
function bits(left, top, right, bottom) {
  const bytes = new Uint8Array((CELLS * CELLS) / 8);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) bytes[(y * CELLS + x) >> 3] |= 128 >> (x & 7);
  }
  return Buffer.from(bytes).toString("base64");
}

test("a click takes the smallest region under it", () => {
  const made = [
    { number: 1, area_px: 900, bits: bits(0, 0, 40, 40) },
    { number: 2, area_px: 100, bits: bits(10, 10, 20, 20) },
  ].map((candidate) => ({ candidate, cells: cellsOf(candidate.bits) }));
  assert.equal(candidateAt(made, 15 / 64, 15 / 64)?.number, 2);
  assert.equal(candidateAt(made, 30 / 64, 5 / 64)?.number, 1);
  assert.equal(candidateAt(made, 0.9, 0.9), null);
  assert.equal(candidateAt(made, 1, 0.5), null);
  assert.equal(cellsOf("no base64 !").length, 0);
  assert.equal(cellsOf("AAAA").length, 0);
});

test("clicks write the choice", () => {
  assert.equal(choiceAfter("", 3, false), "3");
  assert.equal(choiceAfter("3", 3, false), "");
  assert.equal(choiceAfter("1, 3", 3, false), "3");
  assert.equal(choiceAfter("3", 1, true), "1, 3");
  assert.equal(choiceAfter("1, 3", 1, true), "3");
  assert.equal(choiceAfter("10", 9, true), "9, 10");
});

/** A graph of plain values, as far as the page's own has the same fields. */
function graph(nodes, links, more = {}) {
  const made = {
    ...more,
    nodes,
    getNodeById: (id) => nodes.find((node) => node.id === id),
    getLink: (id) => links[id],
  };
  for (const node of nodes) node.graph = made;
  return made;
}

test("pins are found through rerank, reroutes and the borders of subgraphs", () => {
  const pins = { name: "pins", value: "" };
  const retriever = { id: 5, type: "PolarisLoraRetriever", inputs: [], widgets: [pins] };
  const inner = graph([retriever], { 1: { origin_id: 5, origin_slot: 0 } }, {
    id: "inner",
    outputs: [{ linkIds: [1] }],
  });
  const holder = { id: 12, type: "inner", subgraph: inner, inputs: [] };
  const reroute = { id: 3, type: "Reroute", inputs: [{ name: "", link: 1 }] };
  const first = { id: 6, type: "PolarisTreeRerank", inputs: [{ name: "shortlist", link: 2 }] };
  const rerank = { id: 7, type: "PolarisTreeRerank", inputs: [{ name: "shortlist", link: 3 }] };
  const root = graph([holder, reroute, first, rerank], {
    1: { origin_id: 12, origin_slot: 0 },
    2: { origin_id: 3, origin_slot: 0 },
    3: { origin_id: 6, origin_slot: 0 },
  });
  assert.equal(feeding(rerank, "shortlist", root), first);
  assert.equal(nearestWith(rerank, "shortlist", "pins", root), retriever);
  assert.deepEqual([...everyNode(root)].map(([path]) => path), ["12", "12:5", "3", "6", "7"]);
  assert.equal(outputKey(retriever, root), "inner:5");
  assert.equal(outputKey(first, root), "6");
  assert.equal(placeOf(retriever, "pins", root)?.widget, pins);
});

test("a connected input is not written, one brought out of a subgraph is written outside", () => {
  const outer = { name: "pins", value: "" };
  const inside = {
    id: 5,
    type: "PolarisLoraRetriever",
    inputs: [{ name: "pins", widget: { name: "pins" }, link: 1 }],
    widgets: [{ name: "pins", value: "inside" }],
  };
  const inner = graph([inside], { 1: { origin_id: -10, origin_slot: 0 } }, { id: "inner" });
  const holder = {
    id: 12,
    type: "inner",
    subgraph: inner,
    inputs: [{ name: "pins", widget: { name: "pins" }, link: null }],
    widgets: [outer],
  };
  const root = graph([holder], { 1: { origin_id: 99, origin_slot: 0 } });
  assert.equal(placeOf(inside, "pins", root)?.widget, outer);
  holder.inputs[0].link = 1;
  assert.equal(placeOf(inside, "pins", root), null);
});

test("a circle of links ends", () => {
  const a = { id: 1, type: "PolarisTreeRerank", inputs: [{ name: "shortlist", link: 1 }] };
  const b = { id: 2, type: "PolarisTreeRerank", inputs: [{ name: "shortlist", link: 2 }] };
  const root = graph([a, b], { 1: { origin_id: 2 }, 2: { origin_id: 1 } });
  assert.equal(nearestWith(a, "shortlist", "pins", root), null);
});

test("a model that several inputs name is told once", () => {
  const rows = [
    { node: "4", file: "a", sha256: "1" },
    { node: "6", file: "sub/a", sha256: "1" },
    { node: "5", file: "b", sha256: "" },
    { node: "6", file: "b", sha256: "" },
    { node: "6", file: "c", sha256: "2" },
  ];
  assert.deepEqual(distinct(rows).map(({ file }) => file), ["sub/a", "b", "c"]);
  assert.deepEqual(distinct([]), []);
});

test("only addresses of the web become links", () => {
  for (const good of ["https://civitai.com/models/1", "HTTP://example.org"]) assert.ok(isWebAddress(good));
  for (const bad of [
    "javascript:alert(1)",
    " https://x",
    "data:text/html,x",
    "//evil.example",
    "https://",
    "ftp://x",
    "java\nscript:alert(1)",
    "",
  ]) {
    assert.ok(!isWebAddress(bad), bad);
  }
});

test("texts are told in the language of the page, else in English, else by their key", () => {
  let language = "de";
  setMessages(
    { en: { polaris: { a: "A {n} {m}", role_style: "style" } }, de: { polaris: { a: "Ä {n}" } } },
    () => language,
  );
  assert.equal(t("a", { n: 3 }), "Ä 3");
  language = "fr";
  assert.equal(t("a", { n: "<b>" }), "A <b> {m}");
  language = "de-AT";
  assert.equal(t("a", { n: 1 }), "Ä 1");
  assert.equal(t("none"), "none");
  assert.equal(word("role", "style"), "style");
  assert.equal(word("role", "new"), "new");
  assert.deepEqual([0, 999, 1000, 1_834_567, 2.6e10].map(size), ["0 B", "999 B", "1.0 kB", "1.8 MB", "26 GB"]);
});
