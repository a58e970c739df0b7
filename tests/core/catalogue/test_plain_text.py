from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.plain_text import TEXT_LIMIT, one_line, paragraphs, plain_text
from polaris_core.catalogue.words import trigger_words

TAGS = [
    "<p>",
    "</p>",
    "<b class='x'>",
    "</b>",
    "<br/>",
    "<ul>",
    "<li>",
    '<a href="y">',
    "<!-- c -->",
]
MARKUP = st.lists(st.sampled_from([*TAGS, "word", " ", "\n", "5 < 6", "&amp;"]), max_size=30)
ANY = st.text() | st.lists(
    st.sampled_from(
        [
            *(*TAGS, "<", ">", "&", "&#", "&lt;", "<!", "<![", "<script>", "</script", "<!--"),
            *("\x00", "\ud800", "\u202e", "\r\n", "&#1114112;", "&#" + "9" * 5000 + ";", '"'),
        ]
    )
).map("".join)


@given(ANY)
def test_any_text_becomes_clean_text(text):
    clean = plain_text(text)
    clean.encode("utf-8")
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in clean.replace("\n", ""))
    assert clean == clean.strip()


@given(MARKUP.map("".join))
def test_no_tag_is_left(text):
    assert not re.search(r"</?[a-z!][^<>]*>", plain_text(text))


@given(ANY, st.integers(1, 50))
def test_text_is_bounded(text, limit):
    assert len(plain_text(text, limit)) <= limit
    assert len(paragraphs(text, limit)) <= limit
    assert len(one_line(text, limit)) <= limit


@given(ANY)
def test_one_line_is_one_line_and_stays_as_it_is(text):
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line


@given(st.text("abc \n", max_size=40))
def test_text_without_markup_keeps_its_words(text):
    assert plain_text(text).split() == text.split()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<ul><li><p>one</p></li><li>two</li></ul>", "- one\n- two"),
        ("<h1>Title</h1>text", "Title\ntext"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("a<script>alert('<b>')</script>b<STYLE>p {}</Style>c", "abc"),
        ("a<!-- <b>hidden</b> -->b", "ab"),
        ("salt &amp; pepper &lt;3 &#39;x&#39;", "salt & pepper <3 'x'"),
        ("a < b and c > d", "a < b and c > d"),
        ("I <3 foxes", "I <3 foxes"),
        ("<p>prompt: <lora:ink:0.8> fox</p>", "prompt: <lora:ink:0.8> fox"),
        ("<code>&lt;lora:ink:0.8&gt;</code>", "<lora:ink:0.8>"),
        ('<a href="https://x.example/?a=1&b=2" rel="ugc">here</a>', "here"),
        ("<img src='data:image/png;base64," + "A" * 9000 + "'>x", "x"),
        ("a&nbsp;b", "a b"),
        ("tail <b", "tail <b"),
        ("&#" + "9" * 5000 + ";x", "x"),
    ],
)
def test_html_becomes_text(html, text):
    assert plain_text(html) == text


@pytest.mark.parametrize(
    "part",
    ["<", "<!--", "<![CDATA[", "<a ", "<a b='", "</", "<!", "&", "&#", "<script>", "<p", "\u200b"],
)
def test_malformed_pages_take_no_longer_than_good_ones(part):
    begun = time.perf_counter()
    assert len(plain_text(part * 200_000)) <= TEXT_LIMIT
    assert time.perf_counter() - begun < 1


def test_marks_that_reverse_the_reading_order_are_dropped():
    assert one_line("safe\u202egpj.exe") == "safegpj.exe"


@given(st.lists(st.text() | st.sampled_from(["fox", "FOX ", "<lora:x:1>", "fox, ink"])))
def test_trigger_words_are_kept_once_and_never_call_a_file(texts):
    words = trigger_words(texts)
    assert len({word.lower() for word in words}) == len(words)
    assert all(word and "<lora:" not in word.lower() for word in words)


def test_trigger_words_are_kept_as_given():
    given_words = ["inkfox, <lora:ink:1>", " two, words ", "", "TWO, words", "inkfox"]
    assert trigger_words(given_words) == ("inkfox", "two, words")
