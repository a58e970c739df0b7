"""OpenAI's chat protocol as data: what to send, and the reply in what comes back.

    Question ─▶ request_for ─▶ {model, messages, response_format, …}
    decoded answer ─▶ reply_from ─▶ text

Answers come from strangers: every field may be missing or of another type.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from polaris_core.errors import LanguageServerProblem, UnreadableReply
from polaris_core.llm.dialect import Dialect
from polaris_core.llm.thinking import part_thinking

if TYPE_CHECKING:
    from PIL.Image import Image

    from polaris_core.llm.base import Message, Question

__all__ = [
    "Complaint",
    "complaint_in",
    "model_names",
    "reply_from",
    "request_for",
    "spent_on_thoughts",
]

_LONGEST_EDGE_PX = 1024
_JPEG_QUALITY = 90
_SHOWN_CHARACTERS = 1000
_SHOWN_NAMES = 12
_SAID = ("message", "msg", "detail", "error", "metadata", "raw")
"""Where errors keep their text; OpenRouter keeps that of the model's host in metadata.raw."""
_THOUGHTS = ("reasoning_content", "reasoning")


class Complaint(NamedTuple):
    """What a server says went wrong."""

    message: str
    """At most 1,000 characters."""
    code: int
    """The HTTP status it means, if it says so in the body; else 0."""


def request_for(question: Question, model: str, dialect: Dialect | None = None) -> dict[str, Any]:
    """The body of a POST to `/chat/completions`.

    The answer is asked for in one piece, at temperature 0. Pictures become JPEG data with no edge
    over 1,024 px and nothing of their metadata.

    Args:
        question: What to ask.
        model: As the server calls it.
        dialect: What the server accepts; everything by default.
    """
    dialect = dialect or Dialect()
    request: dict[str, Any] = {
        "model": model,
        "messages": _messages(question, dialect),
        dialect.limit_field: question.max_tokens + dialect.thinking_tokens,
        "stream": False,
    }
    if dialect.temperature:
        request["temperature"] = 0
    if question.schema is not None and dialect.form == "json_schema":
        schema = {"name": "reply", "strict": True, "schema": dict(question.schema)}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif question.schema is not None and dialect.form == "json_object":
        request["response_format"] = {"type": "json_object"}
    return request


def reply_from(answer: object) -> str:
    """The model's reply in a decoded answer, without what it thought aloud.

    Args:
        answer: Decoded JSON of any shape.

    Raises:
        LanguageServerProblem: It holds no reply, but an error, or a filter took the reply away.
        UnreadableReply: The reply is a refusal, empty, or broken off at its longest.
    """
    complaint = complaint_in(answer)
    if complaint:
        raise LanguageServerProblem("the server reports an error", value=complaint.message)
    choice = _first(_object(answer).get("choices"))
    if not choice:
        raise LanguageServerProblem(
            "the server's answer holds no reply",
            value=f"it has {', '.join(list(_object(answer))[:10]) or 'no fields'}",
            hint="Is this an OpenAI-compatible server, and is the model one for chats?",
        )
    message = _object(choice.get("message"))
    text = _text_in(message.get("content")) or _text_in(choice.get("text"))
    reply = _without_thoughts(text) or _whole_object(_thoughts_in(message))
    ending = choice.get("finish_reason")
    if ending == "content_filter":
        raise LanguageServerProblem(
            "the server's content filter took the reply away",
            value=reply,
            hint="Put the request in other words, or use another model",
        )
    refusal = _text_in(message.get("refusal")) or _refusal_in(message.get("content"))
    if refusal and not reply:
        raise UnreadableReply(
            "the model refused to answer",
            reply=_clean(refusal),
            hint="Put the request in other words, or use another model",
        )
    if not reply:
        raise _empty(text, spent_on_thoughts(answer))
    if ending == "length" and not _whole_object(reply):
        raise UnreadableReply("the model's reply broke off at the longest allowed", reply=reply)
    return reply


def spent_on_thoughts(answer: object) -> bool:
    """Whether the tokens ran out before the model came to its reply."""
    choice = _first(_object(answer).get("choices"))
    message = _object(choice.get("message"))
    if choice.get("finish_reason") != "length":
        return False
    text = _text_in(message.get("content"))
    return bool(_thoughts_in(message)) or not _without_thoughts(text)


def complaint_in(answer: object) -> Complaint | None:
    """The error that an answer speaks of, in any of the usual shapes; None without one."""
    fields = _object(answer)
    error = fields.get("error") or _first(fields.get("choices")).get("error")
    if not error and (fields.get("object") == "error" or "choices" not in fields):
        error = fields if any(isinstance(fields.get(name), str | list) for name in _SAID) else None
    if not error:
        return None
    code = _object(error).get("code")
    known = isinstance(code, int) and 400 <= code < 600
    said = " ".join(_said(error)) or "it does not say which"
    return Complaint(_clean(said)[:_SHOWN_CHARACTERS], cast("int", code) if known else 0)


def model_names(answer: object) -> list[str]:
    """The first dozen names in the decoded answer to `/models`; empty if it is none."""
    entries = _list(_object(answer).get("data")) or _list(answer)
    names = [name for each in entries if isinstance(name := _object(each).get("id"), str)]
    return ["".join(filter(str.isprintable, name[:80])) for name in names[:_SHOWN_NAMES]]


def _messages(question: Question, dialect: Dialect) -> list[dict[str, Any]]:
    messages = list(question.messages)
    system = "\n\n".join(m.text for m in messages if m.role == "system")
    if not dialect.system_role:
        messages = [m for m in messages if m.role != "system"]
    asking = [i for i, m in enumerate(messages) if m.role == "user"]
    written: list[dict[str, Any]] = []
    for i, message in enumerate(messages):
        text = message.text
        if asking and i == asking[0] and system and not dialect.system_role:
            text = f"{system}\n\n{text}"
        if asking and i == asking[-1] and question.schema is not None:
            text += _schema_text(question.schema, dialect)
        written.append({"role": message.role, "content": _content(message, text, dialect)})
    return written


def _schema_text(schema: Mapping[str, Any], dialect: Dialect) -> str:
    if dialect.form == "json_schema":
        return ""
    written = json.dumps(dict(schema), ensure_ascii=False)
    return f"\n\nReply with one JSON object and nothing else. Its JSON schema:\n{written}"


def _content(message: Message, text: str, dialect: Dialect) -> str | list[dict[str, Any]]:
    text = _clean(text)
    if not message.pictures or not dialect.pictures:
        return text
    shown = [{"type": "image_url", "image_url": {"url": _data_url(p)}} for p in message.pictures]
    return [*shown, {"type": "text", "text": text}]


def _data_url(picture: Image) -> str:
    small = picture.convert("RGB")
    small.info.clear()  # a comment in it may be the user's whole workflow
    small.thumbnail((_LONGEST_EDGE_PX, _LONGEST_EDGE_PX))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _first(value: object) -> dict[str, object]:
    return _object(next(iter(_list(value)), None))


def _text_in(content: object) -> str:
    """Text that is a string, or the text parts of a list."""
    return content if isinstance(content, str) else "".join(_parts(content, "text"))


def _refusal_in(content: object) -> str:
    return "".join(_parts(content, "refusal"))


def _parts(content: object, field: str) -> Iterable[str]:
    for part in _list(content):
        text = part if field == "text" and isinstance(part, str) else _object(part).get(field)
        if isinstance(text, str) and _object(part).get("type") not in ("thinking", "reasoning"):
            yield text


def _thoughts_in(message: dict[str, object]) -> str:
    return next(filter(None, (_text_in(message.get(name)) for name in _THOUGHTS)), "")


def _without_thoughts(text: str) -> str:
    # What is JSON from end to end is no thought, whatever marks its strings hold.
    return _clean(_whole_object(text) or part_thinking(text).answer).strip()


def _whole_object(text: str) -> str:
    """The text, if it is one JSON object; else nothing.

    vLLM sends a model's whole answer as a thought when thinking is off but looked for.
    """
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return ""
    try:
        json.loads(stripped)
    except (ValueError, RecursionError):
        return ""
    return stripped


def _clean(text: str) -> str:
    """Halves of surrogate pairs cannot be written anywhere."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _said(error: object, depth: int = 0) -> Iterable[str]:
    """The messages in an error of any shape."""
    if isinstance(error, str):
        yield error.strip()[:_SHOWN_CHARACTERS]
    elif depth < 3:
        for each in [_object(error), *map(_object, _list(error)[:3])]:
            for name in _SAID:
                yield from _said(each.get(name), depth + 1)


def _empty(text: str, by_thoughts: bool) -> UnreadableReply:
    if by_thoughts or text.strip():
        return UnreadableReply(
            "the model thought aloud and gave no answer",
            reply=_clean(text),
            hint="Switch its thinking off, or use another model",
        )
    return UnreadableReply("the model's reply is empty", reply="", hint="Use another model")
