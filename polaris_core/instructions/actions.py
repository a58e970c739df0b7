"""Telling an action or a pose from a look: "make the man wave", but not "make the wave bigger"."""

from __future__ import annotations

from polaris_core.instructions.body_plans import is_being
from polaris_core.instructions.lexicon import DETERMINERS, OPENERS, PICTURES
from polaris_core.instructions.phrases import is_participle
from polaris_core.instructions.qualities import EXPRESSIONS, is_comparative, is_quality
from polaris_core.instructions.words import Words, base_noun, find, lower_at, word_set

__all__ = ["LOOK_OF_DOING", "action_start", "is_action", "is_doing", "is_gaze"]

# What people, animals and things do; in the form that follows "make the man".
_DOING = word_set(
    "smile laugh dance run jump sit stand walk cry hug kiss wave sleep fly swim eat drink talk "
    "sing stick hold grin frown wink nod clap fight play bow kneel lie crouch stare yawn shout "
    "scream point raise lift close open pick turn lean blink cheer drive ride read write climb "
    "fall throw catch kick stretch move giggle chuckle weep sob smirk pout scowl grimace beam "
    "gaze glance peek watch listen whisper speak say tell chat argue sneeze cough breathe sigh "
    "snore dream wake rest relax nap squat hop skip leap dive float hover sink drown crawl creep "
    "march stroll jog sprint race chase follow flee escape hide seek stumble trip slip slide "
    "skate ski surf sail row paddle cycle gallop trot graze bark meow growl roar howl hiss bite "
    "chew lick sniff scratch dig peck perch nest soar glide land taxi take drop carry push pull "
    "drag tug squeeze grab grip reach touch tap pat pet stroke tickle cuddle embrace shake greet "
    "salute bend twist spin rotate roll tumble flip swing sway rock bounce balance hang tilt "
    "cross fold spread flap wag blow suck spit swallow pour stir cook bake cut chop slice peel "
    "wash clean wipe sweep paint draw type knit sew build perform juggle conduct strum drum pose "
    "flex model work study learn teach think pray meditate celebrate toast wrestle box punch slap "
    "hit shoot aim attack defend block duck dodge face give make do show lead stay wait arrive "
    "leave enter exit come go return approach gather meet share offer receive buy sell call "
    "answer text snap photograph film smoke vape sip feed bathe comb brush shave applaud whistle "
    "hum snuggle lounge recline slouch sprawl tiptoe limp hitchhike levitate bloom blush sweat "
    "shiver tremble faint die explode erupt crash collapse burst burn melt drip leak splash "
    "ripple flow rise beg use start stop begin keep try react respond tie shine"
)
_LEADS = frozenset({"more", "less", "very", "so", "to", "be", "much", "slightly", "really"})
_PARTICLES = frozenset({"up", "down", "out", "away", "off", "and", "back", "forward"})
_ADVERBS = word_set("slightly happily sadly gently broadly a also all both just be being")
_NOT_POSES = word_set(
    "glowing shining burning melting blooming sparkling shimmering glittering overflowing "
    "decaying rotting crumbling peeling twinkling flaming flowering interesting exciting amazing "
    "stunning charming lightning boring"
)
_PRONOUNS = word_set("him her them me it us everyone everybody he she they i we you this that")


LOOK_OF_DOING = {
    "glow": "glowing",
    "shine": "shining",
    "sparkle": "sparkling",
    "shimmer": "shimmering",
    "glitter": "glittering",
    "burn": "burning",
    "melt": "melting",
    "bloom": "blooming",
    "rust": "rusty",
    "fade": "faded",
    "crack": "cracked",
    "rot": "rotten",
    "open": "open",
    "close": "closed",
    "pop": "vivid",
    "wilt": "wilted",
}
"""How a thing that does so looks."""


def is_doing(word: str) -> bool:
    """Whether a word, in lower case, is a verb of doing in its base form."""
    return word in _DOING


def is_action(new: Words) -> bool:
    """Whether what a thing shall become is an action or an expression: "smiling", "sad"."""
    words = tuple(w for w in new if w.lower not in _LEADS)
    if not words:
        return False
    first = words[0].lower
    following = words[1].lower if len(words) > 1 else ""
    if first in EXPRESSIONS:
        end = next((i for i, w in enumerate(words) if w.lower in OPENERS), len(words))
        return all(_says_how(w.lower) or w.is_mark for w in words[:end])
    if first in _DOING and not is_quality(first):
        return not following or _follows_verb(following)
    doing = first.endswith("ing") and first not in _NOT_POSES and not is_quality(first)
    return doing and is_participle(words, 0)


def _says_how(lower: str) -> bool:
    return is_quality(lower) or lower.endswith("ly") or lower in ("and", "or", "but", "not")


_AFTER_VERB = OPENERS | DETERMINERS | _PRONOUNS | _PARTICLES


def _follows_verb(lower: str) -> bool:
    known = lower in _AFTER_VERB
    return known or lower.endswith("ly") or not lower[0].isalnum()


def action_start(rest: Words) -> int:
    """Where, after a noun phrase, the verb of what it shall do begins; -1 if nowhere."""
    for index in range(1, len(rest)):
        lower, before = rest[index].lower, rest[index - 1].lower
        if before in OPENERS or (before in DETERMINERS and before not in _PRONOUNS):
            continue
        if lower in _DOING and _may_act(rest, index):
            return index
        doing = lower.endswith("ing") and lower not in _NOT_POSES and is_participle(rest, index)
        if doing and index + 1 >= len(rest) and _may_act(rest, index):
            return index
    return -1


def is_gaze(rest: Words) -> bool:
    """Whether it is "(make) her look at the camera", "(make) him look slightly up"."""
    at = find(rest, {"look", "looking"})
    following = lower_at(rest, at + 1)
    if following.endswith("ly") or following == "straight":
        following = lower_at(rest, at + 2)
    return at > 0 and following in _DIRECTIONS


_DIRECTIONS = word_set(
    "up down away at to toward towards left right into back backwards forward forwards over "
    "through out sideways behind ahead upward upwards downward downwards around"
)


def _may_act(rest: Words, index: int) -> bool:
    """Whether what stands before can be the one who acts, and not a modifier of a noun."""
    before = rest[index - 1].lower.removesuffix("'s")
    following = rest[index + 1].lower if index + 1 < len(rest) else ""
    if rest[index - 1].lower.endswith("'s"):
        return False
    acts = (
        before in _PRONOUNS
        or before in PICTURES
        or is_being(base_noun(before))
        or before in _ADVERBS
    )
    if acts:
        return not (is_quality(following) or is_comparative(following))
    return not is_quality(before) and (not following or _follows_verb(following))
