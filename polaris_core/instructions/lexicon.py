"""The closed sets of words that the grammar knows, by their part in a request."""

from __future__ import annotations

from polaris_core.instructions.words import word_set

__all__ = [
    "ACTIONS",
    "ADD",
    "APPLY",
    "ATTRIBUTES",
    "BACKGROUNDS",
    "CHANGE",
    "COLOURS",
    "DEFINITE",
    "DETERMINERS",
    "DRAW",
    "EXPRESSIONS",
    "FOREIGN",
    "MATERIALS",
    "NEW",
    "OPENERS",
    "PICTURES",
    "POSTURES",
    "QUALITIES",
    "RELATIVES",
    "REMOVE",
    "RESHAPE",
    "SWAP",
    "TEXTS",
    "UNSUPPORTED",
    "VERBS",
    "WHOLE_ATTRIBUTES",
    "has_adjective_ending",
    "is_quality",
]


SWAP = word_set("replace swap exchange substitute switch trade")
CHANGE = word_set(
    "change turn transform convert modify alter adjust morph edit transmute make render redraw "
    "repaint restyle stylize stylise style reimagine recolor recolour tint dye color colour paint "
    "give set have let craft sculpt build construct reconstruct cover coat adapt redesign shift "
    "cartoonify cartoonize edit blur brighten darken lighten light saturate desaturate colorize "
    "colourise colourize colorise get recreate reshape mold mould retouch upgrade dress"
)
ADD = word_set("add put place insert include attach hang position introduce overlay append")
REMOVE = word_set("remove delete erase eliminate take clear wipe drop exclude omit hide discard")
NEW = word_set("generate create produce design imagine illustrate compose")
DRAW = word_set("draw paint sketch")
APPLY = word_set("apply use")
UNSUPPORTED = {
    **dict.fromkeys(
        word_set("write rewrite type spell print translate caption label engrave"), "writing text"
    ),
    **dict.fromkeys(
        word_set("animate pose rotate flip mirror move tilt lift raise lower bend turn-around"),
        "a change of pose, action or place",
    ),
    **dict.fromkeys(
        word_set("restore sharpen upscale denoise deblur enhance improve repair fix clean unblur"),
        "restoring or sharpening a picture",
    ),
    **dict.fromkeys(
        word_set("crop resize zoom extract cut isolate segment expand extend outpaint"),
        "cutting out or resizing a picture",
    ),
    **dict.fromkeys(word_set("describe explain count tell list"), "a question about a picture"),
}
VERBS = SWAP | CHANGE | ADD | REMOVE | NEW | DRAW | APPLY | frozenset(UNSUPPORTED)

DEFINITE = word_set("the this that these those his her its their my your our")
DETERMINERS = DEFINITE | word_set(
    "a an some any all both each every another one two three four five six several many few more"
)
PICTURES = word_set(
    "image picture photo photograph pic snapshot shot screenshot avatar artwork frame canvas "
    "images pictures photos scene everything it whole composition illustration portrait"
)
WHOLE_ATTRIBUTES = word_set(
    "weather season time lighting mood atmosphere ambience ambiance theme tone filter style "
    "day night summer winter spring autumn brightness contrast saturation exposure daytime "
    "nighttime era vibe palette colors colours"
)
ATTRIBUTES = word_set(
    "color colour colors colours material texture pattern style look appearance shade hue size "
    "shape finish surface exterior fabric tone design age"
)
BACKGROUNDS = word_set("background backdrop surroundings backgrounds")
TEXTS = word_set(
    "text word words letter letters lettering caption slogan title font sentence numbers"
)
POSTURES = word_set("action pose posture gesture expression facial movement motion gaze position")
EXPRESSIONS = word_set(
    "sad happy serious angry surprised smiling crying sorrowful scared cheerful excited bored "
    "confused laughing disgusted joyful worried shocked"
)
ACTIONS = word_set(
    "smile laugh dance run jump sit stand walk cry hug kiss wave sleep fly swim eat drink talk "
    "sing look-up face stick hold grin frown wink nod clap fight play bow kneel lie crouch stare "
    "yawn shout scream point raise lift close open pick turn lean blink cheer drive ride read "
    "write climb fall throw catch kick stretch move"
)
RESHAPE = word_set(
    "chibi hairstyle haircut prehistoric bigger smaller larger longer shorter taller thinner "
    "fatter slimmer wider chubby skinny muscular curly straight caricature long short tall fat "
    "thin slim"
)
OPENERS = word_set(
    "in on at under over above below beneath behind beside between near next by with without "
    "inside outside around along across against among atop upon from of to towards toward onto "
    "into through beyond close adjacent opposite throughout within during as using like for"
)
RELATIVES = word_set("that which who whose where being while made so but instead")
COLOURS = word_set(
    "red green blue yellow orange purple violet pink brown black white gray grey gold golden "
    "silver lime tan teal cyan magenta lavender beige maroon navy turquoise indigo crimson scarlet "
    "ivory olive coral peach salmon mint cream khaki amber bronze copper rainbow multicolored "
    "colorful colourful transparent blonde blond ginger"
)
MATERIALS = word_set(
    "wood wooden metal metallic steel iron glass ceramic porcelain clay stone marble concrete jade "
    "crystal diamond plastic leather silk cotton wool velvet denim fur feathers resin bricks brick "
    "paper cardboard rubber sand ice wax bamboo rattan gold silver bronze copper brass chrome "
    "enamel granite chocolate lace linen foam fabric felt straw chrome obsidian pearl knitted "
    "wooden stainless woven knit"
)
QUALITIES = (
    COLOURS
    | MATERIALS
    | EXPRESSIONS
    | word_set(
        "old older young younger new big small large tiny huge bright brighter dark darker light "
        "lighter shiny glossy matte dull vivid pale warm warmer cold colder cool rainy sunny snowy "
        "foggy misty cloudy stormy night nighttime daytime day dusk dawn sunset winter summer "
        "spring autumn vintage modern futuristic medieval rustic antique glowing sparkling dirty "
        "clean wet dry fluffy furry hairy bald striped checkered spotted dotted plaid floral "
        "patterned male female beautiful handsome pretty ugly cute scary better thinner slimmer "
        "taller shorter bigger smaller larger longer wider straight curly wavy blurry blurred "
        "blur sharp clear vibrant moody dramatic gloomy romantic dreamy elegant fancy plain simple "
        "transparent lit open closed broken rusty magical spooky neon muscular fat thin chubby "
        "tall short long realistic"
    )
)
FOREIGN = word_set(
    "der das den dem ein eine einen einem einer und mit durch auf ersetze ändere füge bitte "
    "le les une des du dans avec par sur et remplace ajoute el los las una con por del y "
    "reemplaza cambia il lo gli nel della di os uma com pelo o een het met vervang og til med "
    "na w zamień kota est pour es por para chat katze hund gato perro chien"
)

_ENDINGS = ("er", "ish", "ful", "less", "ous", "ive", "y", "ed", "able", "ible", "ic", "al", "like")


def is_quality(word: str) -> bool:
    """Whether a word, in lower case, says how a thing is: a colour, a material, an adjective."""
    parts = word.split("-")
    return word in QUALITIES or parts[0] in QUALITIES or parts[-1] in QUALITIES


def has_adjective_ending(word: str) -> bool:
    """Whether a word ends as adjectives often do; a guess for words in no table."""
    return len(word) > 4 and word.endswith(_ENDINGS)
