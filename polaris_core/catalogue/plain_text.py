"""Turn strings of strangers into clean plain text: HTML gone, control characters gone, bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

__all__ = ["LINE_LIMIT", "TEXT_LIMIT", "one_line", "paragraphs", "plain_text"]

LINE_LIMIT = 4_000
"""Characters of a name or any other text of one line."""
TEXT_LIMIT = 64 * 1024
"""Characters of a description."""
_HTML_LIMIT = 4 * TEXT_LIMIT

# Controls, halves of surrogate pairs, non-characters, and marks that reverse the reading order.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"[^\S\n]+")
_AROUND_LINE_END = re.compile(r" ?\n ?")
_MANY_LINE_ENDS = re.compile(r"\n{2,}")
_EMPTY_ITEM = re.compile(r"^-\n", re.MULTILINE)

_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figure"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav"),
        *("ol", "p", "pre", "section", "table", "tr", "ul"),
    }
)
_SILENT = frozenset({"script", "style", "template", "title", "iframe", "noscript"})
_SILENT_ENDS = {name: re.compile(f"</{name}[^<>]*>?", re.IGNORECASE) for name in _SILENT}
_SILENT_ENDS[""] = re.compile("-->")
_DRAWN = {**dict.fromkeys(_BLOCKS, "\n"), "br": "\n", "li": "\n- ", "td": " ", "th": " "}
_DRAWN_END = dict.fromkeys(_BLOCKS, "\n")
_TAG = re.compile(r"<!--|<(?P<slash>/?)(?P<name>[a-zA-Z!?][^\s<>/]*)[^<>]*>")
_HUGE_ENTITY = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_PROMPT_TAGS = ("lora:", "lyco:", "hypernet:")


def one_line(text: str, limit: int = LINE_LIMIT) -> str:
    """Clean a text of one line: no control characters, single blanks, at most `limit` long."""
    if len(text) <= limit and text.isprintable() and "  " not in text:
        return text.strip()
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text[: 4 * limit]))
    return " ".join(text.split())[:limit].rstrip()


def paragraphs(text: str, limit: int = TEXT_LIMIT) -> str:
    """Clean a text of many lines; one newline divides its paragraphs."""
    if len(text) <= limit and text.isprintable() and "  " not in text:
        return text.strip()
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text[: 4 * limit]))
    text = _AROUND_LINE_END.sub("\n", _BLANKS.sub(" ", text))
    return _MANY_LINE_ENDS.sub("\n", text).strip()[:limit].rstrip()


def plain_text(text: str, limit: int = TEXT_LIMIT) -> str:
    """Turn HTML, or text that is none, into plain text of at most `limit` characters.

    Paragraphs, list items and table rows end in a newline, entities are decoded, scripts,
    styles and comments dropped. `<lora:name:0.8>`, which is no HTML but how prompts are written,
    is kept, and so is a lone `<`. Takes time in proportion to the length, whatever the input:
    the parser of the standard library takes the square of it for some malformed pages.
    """
    text = text[:_HTML_LIMIT]
    if "<" in text:
        text = "".join(_without_tags(text))
    if "&" in text:
        text = unescape(_HUGE_ENTITY.sub("", text))
    text = paragraphs(text, 4 * limit)
    return _EMPTY_ITEM.sub("- ", text)[:limit].rstrip()


def _without_tags(page: str) -> Iterator[str]:
    reached = 0
    while found := _TAG.search(page, reached):
        yield page[reached : found.start()]
        reached = found.end()
        name = (found["name"] or "").lower()
        if found[0] == "<!--" or (name in _SILENT and not found["slash"]):
            end = _SILENT_ENDS[name].search(page, reached)
            reached = end.end() if end else len(page)
        elif name.startswith(_PROMPT_TAGS):
            yield found[0]
        else:
            yield _DRAWN.get(name, "") if not found["slash"] else _DRAWN_END.get(name, "")
    yield page[reached:]
