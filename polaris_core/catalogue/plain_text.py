"""Turn strings of strangers into clean plain text: HTML gone, control characters gone, bounded."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

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
_PROMPT_TAGS = ("lora:", "lyco:", "hypernet:")


def one_line(text: str, limit: int = LINE_LIMIT) -> str:
    """Clean a text of one line: no control characters, single blanks, at most `limit` long."""
    if len(text) <= limit and text.isprintable() and "  " not in text:
        return text.strip()
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text[: 4 * limit]))
    return " ".join(text.split())[:limit].rstrip()


def paragraphs(text: str, limit: int = TEXT_LIMIT) -> str:
    """Clean a text of many lines; one newline divides its paragraphs."""
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text[: 4 * limit]))
    text = _AROUND_LINE_END.sub("\n", _BLANKS.sub(" ", text))
    return _MANY_LINE_ENDS.sub("\n", text).strip()[:limit].rstrip()


def plain_text(text: str, limit: int = TEXT_LIMIT) -> str:
    """Turn HTML, or text that is none, into plain text of at most `limit` characters.

    Paragraphs, list items and table rows end in a newline, entities are decoded, scripts and
    styles dropped. `<lora:name:0.8>`, which is no HTML but how prompts are written, is kept.
    """
    if "<" not in text:
        return paragraphs(unescape(text[: 4 * limit]) if "&" in text else text, limit)
    reader = _Reader()
    try:
        reader.feed(text[:_HTML_LIMIT])
        reader.close()
    except AssertionError:
        # The parser of the standard library asserts on some malformed declarations;
        # what it read until then stays.
        pass
    return _EMPTY_ITEM.sub("- ", paragraphs("".join(reader.parts), 4 * limit))[:limit].rstrip()


class _Reader(HTMLParser):
    """Collects the text of a page in `parts`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag.startswith(_PROMPT_TAGS):
            self.parts.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)
