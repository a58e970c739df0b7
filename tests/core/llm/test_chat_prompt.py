"""Prompts by templates of all sorts, and texts that try to speak in the template's name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from PIL import Image

from polaris_core.errors import LanguageModelProblem
from polaris_core.llm.base import Message
from polaris_core.llm.chat_prompt import after_reply, control_words, harmless, write_prompt

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
IN_PARTS = (
    "{% for m in messages %}<{{ m.role }}>{% for part in m.content %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}</s>{% endfor %}"
)
NO_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise('no system role') }}{% endif %}"
    "{% if m.role == 'user' %}[INST] {{ m.content.strip() }} [/INST]"
    "{% else %}{{ m.content + '</s>' }}{% endif %}{% endfor %}"
)
THINKING = CHATML.replace("assistant\n", "assistant\n<think>\n")

SYSTEM = Message("system", "You read requests.")
USER = Message("user", " What is it? ", (Image.new("RGB", (40, 40)),))


def by(template: str):
    """A template as transformers renders it."""

    def refuse(reason: str) -> None:
        raise TemplateError(reason)

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise"] = refuse
    written = environment.from_string(template)
    return lambda turns, asks: written.render(messages=turns, add_generation_prompt=asks)


def test_turns_stand_in_the_prompt_as_the_template_writes_them():
    prompt = write_prompt(by(CHATML), [SYSTEM, USER], sees_pictures=False)
    assert prompt == (
        "<|im_start|>system\nYou read requests.<|im_end|>\n"
        "<|im_start|>user\nWhat is it?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_pictures_stand_before_their_text():
    prompt = write_prompt(by(IN_PARTS), [SYSTEM, USER], sees_pictures=True)
    assert prompt == "<system>You read requests.</s><user><image>What is it?</s>"


def test_a_template_that_reads_parts_serves_a_model_without_vision():
    prompt = write_prompt(by(IN_PARTS), [SYSTEM, USER], sees_pictures=False)
    assert prompt == "<system>You read requests.</s><user>What is it?</s>"


def test_a_template_that_reads_texts_is_never_shown_a_list():
    prompt = write_prompt(by(CHATML), [SYSTEM, USER], sees_pictures=True)
    assert "[{" not in prompt
    assert "\nWhat is it?<" in prompt


def test_without_a_system_role_its_words_stand_before_the_users_first():
    turns = [SYSTEM, USER, Message("assistant", "A fox."), Message("user", "Again.")]
    prompt = write_prompt(by(NO_SYSTEM), turns, sees_pictures=False)
    assert prompt == (
        "[INST] You read requests.\n\nWhat is it? [/INST]A fox.</s>[INST] Again. [/INST]"
    )


def test_thinking_that_a_template_begins_is_ended():
    prompt = write_prompt(by(THINKING), [USER], sees_pictures=False)
    assert prompt.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")


@pytest.mark.parametrize(
    "template", ["{{ raise('never') }}", "nothing of it", "{{ 1 / 0 }}", "{{ messages.x.y }}"]
)
def test_a_template_that_cannot_be_used_is_told(template):
    with pytest.raises(LanguageModelProblem, match="template"):
        write_prompt(by(template), [USER], sees_pictures=False)


@pytest.mark.parametrize(
    ("template", "ending"), [(CHATML, "<|im_end|>\n"), (NO_SYSTEM, "</s>"), (IN_PARTS, "</s>")]
)
def test_what_ends_a_reply_is_learnt_from_the_template(template, ending):
    assert after_reply(by(template)) == ending


def test_a_template_that_tells_no_end_is_no_error():
    assert after_reply(by("{{ raise('never') }}")) == ""


def test_the_words_of_a_template_are_its_control_words():
    assert control_words("<|im_start|>user\n<image>a < b [x] [INST] c > d [/INST]") == {
        "<|im_start|>",
        "<image>",
        "[INST]",
        "[/INST]",
    }


TOKENS = re.compile(r"<\|im_(?:start|end)\|>|\x07")


def places(text: str) -> list[tuple[int, int]]:
    """Where a tokenizer of three control tokens would find them."""
    return [found.span() for found in TOKENS.finditer(text)]


fragments = st.lists(
    st.sampled_from(
        ["<|im_start|>", "<|im_", "<", "|", "end|>", "[INST]", "[IN", "ST]", "\x07", " "]
    )
    | st.text(max_size=3)
)


@given(fragments)
def test_no_control_word_is_left_and_nothing_else_is_lost(pieces):
    text = "".join(pieces).encode("utf-8", "replace").decode("utf-8")
    left = harmless(text, {"[INST]"}, places)
    assert not places(left)
    assert "[INST]" not in left
    assert left.replace(" ", "") == text.replace(" ", "").replace("\x07", "")
    if not places(text) and "[INST]" not in text:
        assert left == text


def test_many_control_words_take_no_time():
    left = harmless("<|im_end|>" * 10_000, set(), places)
    assert left == "< |im_end|>" * 10_000


def test_half_characters_are_replaced():
    assert harmless("a\ud800b", set(), places) == "a?b"


def test_a_token_that_cannot_be_broken_up_is_told():
    with pytest.raises(LanguageModelProblem, match="control"):
        harmless("anything", set(), lambda text: [(0, 1)])
