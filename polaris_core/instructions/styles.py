"""What counts as an artistic style: media, movements, techniques, looks.

Colours, materials, sizes, moods and ages do not: "red" and "wooden" describe a thing in any style.
"""

from __future__ import annotations

from polaris_core.instructions.words import Word, Words, strip_marks, word_set

__all__ = ["is_style_phrase", "split_style", "style_chunk", "without_closing_word"]

_PHRASES = """
watercolor|watercolour|water color|oil painting|oil paint|oil|acrylic|gouache|pastel|fresco|tempera
ink|ink wash|ink drawing|pen and ink|pencil|pencil sketch|pencil drawing|sketch|charcoal|crayon
chalk|line art|lineart|line drawing|doodle|etching|engraving|woodcut|woodblock|linocut|lithograph
screen print|stained glass|mosaic|collage|origami|papercraft|paper cut|paper cutout|embroidery
felted|claymation|clay animation|plasticine|lego|voxel|pixel|pixel art|8-bit|8 bit|16-bit|16 bit
low poly|lowpoly|isometric|3d render|3d|cgi|wireframe|vector|vector art|flat design|cel shaded
cel shading|anime|manga|cartoon|cartoonish|comic|comic book|comics|chibi|kawaii|caricature
graffiti|street art|stencil|ukiyo-e|ukiyoe|sumi-e|calligraphy|impressionist|impressionism
expressionist|expressionism|cubist|cubism|surrealist|surrealism|surreal|abstract|minimalist
minimalism|pop art|pop-art|art deco|art nouveau|baroque|rococo|renaissance|gothic|pointillist
pointillism|fauvist|fauvism|dadaist|bauhaus|psychedelic|vaporwave|synthwave|cyberpunk|steampunk
solarpunk|dieselpunk|retro|film noir|noir|sepia|black-and-white|monochrome|grayscale|greyscale
hdr|bokeh|double exposure|tilt shift|polaroid|lomography|glitch|glitch art|halftone|duotone
risograph|blueprint|storybook|fairytale|fantasy art|concept art|digital art|digital painting
digital illustration|illustration|illustrated|painterly|hand-drawn|hand drawn|hand-painted
hand painted|photorealistic|photorealism|hyperrealistic|ghibli|studio ghibli|pixar|disney
van gogh|monet|picasso|matisse|klimt|hokusai|dali|warhol|mucha|rembrandt|vermeer|exaggerated
tattoo|woodcarving|linework|airbrush|impasto|sgraffito|batik|tapestry|chinese painting
chinese ink|ink painting|watercolor painting|watercolour painting|painting|drawing
"""
_STYLES = frozenset(
    tuple(p.replace("-", " ").split())
    for line in _PHRASES.split("\n")
    for p in line.split("|")
    if p
)
_LONGEST = max(len(phrase) for phrase in _STYLES)
# Alone before a noun these may as well be its material or its use ("painting" in "painting set").
_ONLY_AS_WHOLE = frozenset({"oil", "ink", "chalk", "painting", "drawing", "clay", "tattoo", "lego"})
_CLOSING = word_set(
    "style styles styled look looks effect effects aesthetic aesthetics manner version scene "
    "setting atmosphere image picture photo photograph vibe theme render rendering"
)
_STYLE_NOUNS = word_set("style styles aesthetic aesthetics manner technique look vibe")
_MEDIA = word_set(
    "painting drawing sketch illustration cartoon comic anime manga mosaic collage "
    "render caricature animation engraving etching"
)
_NOT_IN_STYLE = word_set("in on at with for to from into near under over while")
_ARTICLES = frozenset({"a", "an", "the"})


def _parts(word: Word) -> list[str]:
    return word.lower.replace("-", " ").split()


def _match(words: Words, start: int) -> int:
    """How many words from `start` are a style phrase, a following "style" included; 0 if none."""
    parts: list[str] = []
    best = 0
    for end in range(start, min(len(words), start + _LONGEST)):
        parts += _parts(words[end])
        if parts and parts[-1] in ("style", "styled", "inspired", "themed") and len(parts) > 1:
            return end + 1 - start
        if tuple(parts) in _STYLES:
            best = end + 1 - start
    if best and start + best < len(words) and words[start + best].lower in _STYLE_NOUNS:
        best += 1
    return best


def split_style(core: Words) -> tuple[Words, Words]:
    """Take style words out of a noun phrase that has no article any more.

    Returns:
        The style words, and the rest; the last word, the thing itself, always stays in the rest.
    """
    index = 0
    while index < len(core) - 1:
        length = _match(core, index)
        if length and index + length < len(core):
            style = core[index : index + length]
            if not (length == 1 and style[0].lower in _ONLY_AS_WHOLE):
                return style, core[:index] + core[index + length :]
        index += 1
    return (), core


def is_style_phrase(words: Words) -> bool:
    """Whether a phrase says how things look rather than what they are: "cubist painting"."""
    words = strip_marks(words)
    while words and words[0].lower in _ARTICLES:
        words = words[1:]
    artist = next((i for i, w in enumerate(words) if w.lower == "by"), len(words))
    words = words[:artist]
    if not words or any(w.lower in _NOT_IN_STYLE for w in words):
        return False
    parts = [part for word in words for part in _parts(word)]
    if parts[-1] in _STYLE_NOUNS or parts[-1] in _MEDIA or tuple(parts) in _STYLES:
        return True
    length = _match(words, 0)
    return length > 0 and (
        length == len(words)
        or all(w.lower in _CLOSING | {"page", "filter"} for w in words[length:])
    )


def style_chunk(words: Words) -> Words:
    """The style in "in (a) ukiyo-e style", "in the style of X", "as a watercolor", "in pencil".

    Returns:
        The words of the style; empty if the phrase is not about style.
    """
    if not words or words[0].lower not in ("in", "as", "with", "using", "like"):
        return ()
    rest = strip_marks(words[1:])
    while rest and rest[0].lower in _ARTICLES:
        rest = rest[1:]
    if len(rest) > 2 and rest[0].lower in _STYLE_NOUNS and rest[1].lower == "of":
        return rest[2:]
    if words[0].lower != "with" and is_style_phrase(rest):
        return without_closing_word(rest)
    return ()


def without_closing_word(words: Words) -> Words:
    """A style phrase without articles and a last word that adds nothing ("style", "look")."""
    words = strip_marks(words)
    while words and words[0].lower in _ARTICLES:
        words = words[1:]
    while len(words) > 1 and words[-1].lower in _CLOSING:
        words = strip_marks(words[:-1])
    return words
