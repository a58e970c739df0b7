"""A contact sheet: the sentence, what was found with previews and reasons, and the plan."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont, ImageOps

from polaris_core.errors import InvalidInput
from polaris_core.images import read_picture
from polaris_core.instructions.explain import describe_intent
from polaris_core.planning.plan import Decision, EditPlan
from polaris_core.retrieval.shortlist import Half, Hit, Shortlist, Slot

__all__ = ["draw_sheet"]

_WIDTH = 1440
_MARGIN = 32
_CARD = (208, 336)
_THUMB = 192
_PICTURE = 320
_INK, _FAINT, _PAPER, _CARD_PAPER = "#1d2330", "#697386", "#f5f3ee", "#ffffff"
_ACCENT, _BAR = "#0f766e", "#d9e5e3"


@dataclass
class _Pen:
    """Draws downwards on a sheet that is cut to length at the end."""

    sheet: Image.Image
    y: int = _MARGIN

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.sheet)

    def text(self, words: str, size: int, *, colour: str = _INK, x: int = _MARGIN) -> None:
        for line in _wrap(words, _font(size), _WIDTH - x - _MARGIN):
            self.draw.text((x, self.y), line, fill=colour, font=_font(size))
            self.y += int(size * 1.4)


def draw_sheet(
    shortlist: Shortlist,
    plan: EditPlan,
    *,
    pictures: Sequence[tuple[str, Image.Image]] = (),
    columns: int = 6,
) -> Image.Image:
    """Draw a contact sheet, 1,440 pixels wide and as long as it needs to be.

    Args:
        shortlist: Its slots become rows of cards.
        plan: Written out below them.
        pictures: Captioned pictures shown at the top: the original, the mask, the result.
        columns: Cards per slot, 1-6.
    """
    rows = len(shortlist.slots)
    length = 400 + _PICTURE + rows * (_CARD[1] + 120) + len(plan.decisions) * 4 * 24
    pen = _Pen(Image.new("RGB", (_WIDTH, length), _PAPER))
    pen.text(f"“{plan.intent.instruction}”", 34)
    pen.y += 6
    pen.text("   ·   ".join(describe_intent(plan.intent)), 18, colour=_FAINT)
    pen.y += 16
    _pictures(pen, pictures)
    for slot in shortlist.slots:
        _slot(pen, slot, columns)
    pen.text("Plan", 24, colour=_ACCENT)
    pen.y += 6
    for decision in plan.decisions:
        _decision(pen, decision)
    return pen.sheet.crop((0, 0, _WIDTH, min(length, pen.y + _MARGIN)))


def _pictures(pen: _Pen, pictures: Sequence[tuple[str, Image.Image]]) -> None:
    if not pictures:
        return
    shown = [ImageOps.contain(p.convert("RGB"), (_PICTURE, _PICTURE)) for _, p in pictures[:4]]
    height = max(picture.height for picture in shown)
    for column, ((caption, _), picture) in enumerate(zip(pictures, shown, strict=False)):
        x = _MARGIN + column * (_PICTURE + 24)
        pen.sheet.paste(picture, (x, pen.y))
        pen.draw.text((x, pen.y + height + 6), caption, fill=_FAINT, font=_font(16))
    pen.y += height + 44


def _decision(pen: _Pen, decision: Decision) -> None:
    top = pen.y
    pen.draw.text((_MARGIN, top), _cut(decision.what, _font(16), 300), fill=_FAINT, font=_font(16))
    pen.text(decision.value, 17, x=_MARGIN + 320)
    if decision.reason:
        pen.text(decision.reason, 15, colour=_FAINT, x=_MARGIN + 320)
    pen.y = max(pen.y, top + 24) + 6


def _slot(pen: _Pen, slot: Slot, columns: int) -> None:
    sought = f"“{slot.query}”" if slot.asked_by is Half.TEXT else "the picture"
    pen.text(f"{slot.name.value.capitalize()}   sought by {sought}", 24, colour=_ACCENT)
    pen.y += 6
    if slot.note:
        pen.text(slot.note, 16, colour=_FAINT)
    best = max((hit.score for hit in slot.hits), default=0.0)
    for column, hit in enumerate(slot.hits[:columns]):
        _card(pen, _MARGIN + column * (_CARD[0] + 24), hit, best)
    pen.y += (_CARD[1] + 24) if slot.hits else 12


def _card(pen: _Pen, x: int, hit: Hit, best: float) -> None:
    draw, y = pen.draw, pen.y
    draw.rounded_rectangle((x, y, x + _CARD[0], y + _CARD[1]), 8, fill=_CARD_PAPER)
    pen.sheet.paste(_thumbnail(hit), (x + 8, y + 8))
    y += _THUMB + 14
    for line in _wrap(hit.entry.name, _font(16), _CARD[0] - 16)[:1]:
        draw.text((x + 8, y), line, fill=_INK, font=_font(16))
    facts = f"{hit.entry.base_model.value} · {hit.entry.role.value}"
    draw.text((x + 8, y + 22), facts, fill=_FAINT, font=_font(14))
    share = max(0.0, min(1.0, hit.score / best)) if best > 0 else 0.0
    bar = (x + 8, y + 46, x + _CARD[0] - 8, y + 52)
    draw.rectangle(bar, fill=_BAR)
    draw.rectangle((bar[0], bar[1], bar[0] + int((bar[2] - bar[0]) * share), bar[3]), fill=_ACCENT)
    for number, line in enumerate(_wrap(hit.reason, _font(13), _CARD[0] - 16)[:4]):
        draw.text((x + 8, y + 58 + number * 16), line, fill=_FAINT, font=_font(13))


def _thumbnail(hit: Hit) -> Image.Image:
    for preview in hit.entry.previews:
        if not preview.path:
            continue
        with suppress(InvalidInput):  # a sheet without this preview still serves
            return ImageOps.fit(read_picture(preview.path, 2 * _THUMB), (_THUMB, _THUMB))
    empty = Image.new("RGB", (_THUMB, _THUMB), _BAR)
    ImageDraw.Draw(empty).text((52, 86), "no preview", fill=_FAINT, font=_font(16))
    return empty


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _wrap(words: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    lines: list[str] = []
    line = words[: len(words) - len(words.lstrip(" "))]
    for word in words[:2000].split():
        longer = f"{line} {word}" if line.strip() else line + word
        if font.getlength(longer) <= width or not line.strip():
            line = longer
        else:
            lines.append(line)
            line = word
    lines.append(line)
    return [_cut(each, font, width) for each in lines]


def _cut(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(f"{line}…") > width:
        line = line[: -max(1, len(line) // 16)]
    return f"{line}…"
