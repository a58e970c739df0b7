"""Which sentences of an uploader's description say what a model makes, and which do not.

Descriptions on model sites are mostly about other things: where to tip the author, at which
settings and with which checkpoint the pictures were made, what changed in version 3, who may sell
what. None of it tells what a model is. Each sentence that speaks of such a thing is passed over;
what is left keeps its order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from polaris_core.catalogue.plain_text import paragraphs

__all__ = ["is_latin", "telling_sentences"]

_READ = 6_000
_LONGEST = 300
_FEWEST_LETTERS = 3

_END = re.compile(r"\n|(?<=[.!?…])\s+|(?<=[。！？])")
_ADDRESS = re.compile(
    r"https?:|www\.|\b\w+\.(?:com|org|net|gg|io)\b|\w@\w|@\w|\bdiscord\b", re.IGNORECASE
)
_CALL = re.compile(r"<[^<>]{0,200}>?")
_MARKS = " \t\u3000-–—*•·>#=_~|+:：.,!、。☆★⭐✨️"
_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")

_ASIDE = re.compile(
    r"""(?ix)\b(?:
      # the author: money, praise, other work
      patreon|ko-?fi|buy\ (?:me|us)\ a|donat\w+|tip\ jar|support(?:ing)?\ (?:me|my|us
      |the\ (?:artist|creator))
    | commission\w*|fiverr|paypal|boosty|gumroad|follow\ me|subscri\w+|my\ (?:other|profile|page
    |channel)
    | (?:leave|drop|add|write)\ (?:a|an|me|your)|reviews?|ratings?|feedbacks?|star\ praise
    |appreciat\w+
    | hope\ (?:you|it|this|that)|hopefully|enjoy\b|have\ fun|feel\ free|thank\w*|thx|credits?
    |sorry|apologi\w+
    | check\ (?:out|my)|stay\ tuned|let\ me\ know|requests?|requested|welcome\ to|share\ (?:your
    |it|with)
    | my\ first|i\ (?:am|was|will|would|have|had|do|did|don['’]t|didn['’]t|can['’]?t?|only|also
    |just|think|guess|recommend|suggest|used?|personally)
    | i['’](?:m|ve|ll|d)
      # settings
    | weights?|strengths?|cfg|samplers?|sampling|steps|hires|highres|hi-?res|denois\w+
    |resolutions?|clip\ ?skip
    | vae|seeds?|upscal\w+|controlnet|inpaint\w*|img2img|txt2img|a-?detailer|dpm\+*\w*|euler|lbw
    | negatives?|embeddings?|easynegative|settings?|extensions?|webui|web\ ui|automatic1111|a1111
    |comfyui
    | kohya\w*|colab|dreambooth|google\ translat\w+|translat(?:ed|ion|or)
      # how it was made, and with what it goes
    | epochs?|batch\ size|learning\ rate|repeats?|network\ dim|alpha|data\ ?sets?|captions?
    |captioned
    | over-?fit\w*|over-?train\w*|trained|training|retrained|checkpoints?|ckpts?|safetensors
    | base\ models?|models?\ used|other\ models?|most\ models|all\ models|merge[ds]?|merging
    |any-?lora|novel ?ai|nai
    | orange ?mix\w*|aom\d?\w*|chillout\w*|anything[-\ ]?v\d\w*|sd\ ?1\.[45]|sd\ ?v?[12]|sdxl
    | stable\ diffusion|lycoris|locon|loha|compatib\w+|flexib\w+
      # versions
    | versions?|v\d+(?:\.\d+)*|ver\.?\d*|updat\w+|changelog|released?|beta|wip|(?:re-?)?upload\w*
    | previews?|thumbnails?|(?:sample|example|demo|cover)\ (?:images?|pictures?|pics?|prompts?)
    |showcase
      # law
    | licen[cs]es?|commercial\w*|permissions?|prohibited|illegal|responsib\w+|disclaimers?
    |legal\w*
    | copyright\w*|nsfw|sfw|adult|allowed|resell\w*|redistribut\w*
      # advice
    | works?\ (?:well|best|fine|better|with|on|great|good)|tested|results?|recommend\w*
    |suggest\w*|try|tips?|triggers?
    | prompts?|prompting|keywords?|tags?\ (?:used|are)|better|depending|experiment\w*
    )\b|权重|触发|推荐|建议|模型|训练|版本|商用|商业|好评|更新|感谢|喜欢|おすすめ|推奨|トリガー|強度|学習"""
)
"""Of a sentence with one of these nothing is taken."""

_TAUGHT = re.compile(
    r"""(?ix)\b(?:trained|training|made|created|lora)\b[^.\n]{0,60}?
    \b(?:images?|pictures?|pics|photos?|photographs?|screenshots?|screencaps?|generations
    |artworks?|renders?|scans?)
    \s+of\s+(?P<what>[^.;\n]{3,160})"""
)
"""What it was shown: said among how it was made."""

_HEADING = re.compile(
    r"""(?ix)^(?:notes?|usage|how\ to\ use|about|description|english|en|warning|important|tl;?dr
    |features?|examples?|lora|models?)\s*[:：]\s*"""
)


def is_latin(text: str) -> bool:
    """Whether most letters of a text are of the Latin alphabet; of none, False."""
    letters = len(_LETTER.findall(text))
    return letters > 0 and 2 * len(_LATIN.findall(text)) >= letters


def telling_sentences(description: str, limit: int) -> str:
    """The sentences of a description that say what a model makes, joined; empty if none does.

    Sentences in other alphabets are left out where a Latin one tells something, for the two are
    nearly always the same text twice.

    Args:
        description: Plain text of any length; its first 6,000 characters are read.
        limit: Characters at the most, ≥ 1.
    """
    told = list(dict.fromkeys(_told(paragraphs(description[:_READ]))))
    kept = [text for text in told if is_latin(text)] or told
    whole = ""
    for text in kept:
        longer = f"{whole} {text}" if whole else text
        if len(longer) > limit:
            break
        whole = longer
    return whole or "".join(kept[:1])[:limit].rstrip()


def _told(description: str) -> Iterator[str]:
    for piece in _END.split(description):
        if _ADDRESS.search(piece):
            continue
        text = _CALL.sub(" ", piece).strip(_MARKS)
        if taught := _TAUGHT.search(text):
            text = taught["what"].strip(_MARKS)
        text = " ".join(_HEADING.sub("", text).split())[:_LONGEST]
        if len(_LETTER.findall(text)) >= _FEWEST_LETTERS and not _ASIDE.search(text):
            yield text if text[-1] in ".!?…。！？" else f"{text}."
