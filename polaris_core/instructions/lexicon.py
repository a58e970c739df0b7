"""The closed sets of words that the grammar knows, by their part in a request."""

from __future__ import annotations

from polaris_core.instructions.words import word_set

__all__ = [
    "ADD",
    "APPLY",
    "ATTRIBUTES",
    "BACKGROUNDS",
    "CHANGE",
    "CRAFTS",
    "DEFINITE",
    "DETERMINERS",
    "DRAW",
    "FILL",
    "LOOK_OF_VERB",
    "NEW",
    "OPENERS",
    "PICTURES",
    "POSTURES",
    "PRONOUNS",
    "RELATIVES",
    "REMOVE",
    "RESHAPE",
    "SWAP",
    "UNSUPPORTED",
    "VAGUE",
    "VERBS",
    "WHOLE_ATTRIBUTES",
]

SWAP = word_set("replace swap exchange substitute switch trade")
CRAFTS = word_set(
    "craft sculpt build construct reconstruct rebuild carve forge weave knit crochet sew mold "
    "mould reshape assemble cast fashion"
)
LOOK_OF_VERB = {
    "blur": "blurred",
    "brighten": "brighter",
    "darken": "darker",
    "dim": "dimmer",
    "warm": "warmer",
    "cool": "cooler",
    "lighten": "lighter",
    "light": "lit",
    "illuminate": "illuminated",
    "saturate": "saturated",
    "desaturate": "desaturated",
    "invert": "inverted",
    "soften": "softer",
    "whiten": "whiter",
    "bleach": "bleached",
    "polish": "polished",
    "age": "aged",
    "rejuvenate": "younger",
    "smooth": "smooth",
    "roughen": "rough",
    "enlarge": "bigger",
    "shrink": "smaller",
    "lengthen": "longer",
    "shorten": "shorter",
    "thicken": "thicker",
    "slim": "slimmer",
    "widen": "wider",
    "straighten": "straight",
    "curl": "curly",
    "feminize": "feminine",
    "feminise": "feminine",
    "masculinize": "masculine",
    "beautify": "beautiful",
    "colorize": "colorized",
    "colourize": "colourized",
    "colorise": "colorised",
    "colourise": "colourised",
    "cartoonify": "cartoon",
    "cartoonize": "cartoon",
    "cartoonise": "cartoon",
    "animefy": "anime",
    "pixelate": "pixelated",
    "modernize": "modern",
    "modernise": "modern",
    "simplify": "simple",
    "camouflage": "camouflage",
    "gild": "gilded",
    "tan": "tanned",
    "rust": "rusty",
}
CHANGE = (
    word_set(
        "change turn transform convert modify alter adjust morph edit transmute make render "
        "redraw repaint restyle stylize stylise style reimagine recolor recolour tint dye color "
        "colour paint give set have let cover coat adapt redesign shift get recreate retouch "
        "upgrade dress redo recast remake rework transfigure wrap bathe tweak vary transition"
    )
    | CRAFTS
    | frozenset(LOOK_OF_VERB)
)
ADD = word_set(
    "add put place insert include attach hang position introduce overlay append superimpose "
    "photoshop embed install plant stick throw drop pop scatter sprinkle show bring squeeze sneak "
    "mount perch seat park set-up"
)
FILL = word_set(
    "fill decorate adorn surround top equip garnish sprinkle festoon stock crown litter"
)
REMOVE = word_set(
    "remove delete erase eliminate take clear wipe exclude omit hide discard lose scrub ditch "
    "subtract strip scrap banish kill shave"
)
NEW = word_set("generate create produce design imagine illustrate compose visualize visualise")
DRAW = word_set("draw paint sketch")
APPLY = word_set("apply use")
VAGUE = word_set(
    "modify edit change adjust enhance improve alter use retouch take make rework tweak transform "
    "borrow copy mimic imitate follow adopt"
)
UNSUPPORTED = {
    **dict.fromkeys(
        word_set(
            "write rewrite type spell print translate caption label engrave inscribe letter title"
        ),
        "writing text",
    ),
    **dict.fromkeys(
        word_set(
            "animate pose rotate flip mirror move tilt lift raise lower bend turn-around "
            "reposition swivel spin shift relocate center align straddle"
        ),
        "a change of pose, action or place",
    ),
    **dict.fromkeys(
        word_set("restore sharpen upscale denoise deblur unblur dehaze"),
        "restoring or sharpening a picture",
    ),
    **dict.fromkeys(
        word_set("crop resize zoom extract cut isolate segment expand extend outpaint uncrop trim"),
        "cutting out or resizing a picture",
    ),
    **dict.fromkeys(
        word_set("describe explain count tell list identify"), "a question about a picture"
    ),
}
# Not always outside: what is to be mended or moved decides.
MEND = word_set("enhance improve repair fix clean correct refine boost increase decrease reduce")
_LEADING = word_set("transport teleport send relocate transfer present express")
VERBS = (
    (SWAP | CHANGE | ADD | FILL | REMOVE | NEW | DRAW | APPLY | MEND | frozenset(UNSUPPORTED))
    | _LEADING
    | word_set("open close simulate")
)

DEFINITE = word_set("the this that these those his her its their my your our")
DETERMINERS = DEFINITE | word_set(
    "a an some any all both each every another one two three four five six seven eight nine ten "
    "several many few more no"
)
PRONOUNS = word_set(
    "it him her me them us this that everything everyone everybody he she they we i you himself "
    "herself itself themselves these those"
)
PICTURES = word_set(
    "image picture photo photograph pic snapshot shot screenshot avatar artwork frame canvas "
    "images pictures photos scene everything it whole composition illustration portrait selfie "
    "img visual upload pfp wallpaper-image"
)
WHOLE_ATTRIBUTES = word_set(
    "weather season time lighting mood atmosphere ambience ambiance theme tone tones filter style "
    "day night summer winter spring autumn brightness contrast saturation exposure daytime "
    "nighttime era vibe palette colors colours vibrance temperature sharpness lightness aesthetic "
    "vibes feel hue hues grading coloring warmth shadows highlights illumination"
)
ATTRIBUTES = word_set(
    "color colour colors colours material texture pattern style look appearance shade hue size "
    "shape finish surface exterior fabric tone design age coloring colouring coloration print"
)
BACKGROUNDS = word_set(
    "background backdrop surroundings backgrounds surrounding bg environment setting scenery "
    "environs backdrops settings environments"
)
POSTURES = word_set(
    "action pose posture gesture expression facial movement movements motion gaze position "
    "actions gestures expressions stance"
)
RESHAPE = word_set(
    "chibi hairstyle haircut prehistoric bigger smaller larger longer shorter taller thinner "
    "fatter slimmer wider chubby skinny muscular curly straight caricature long short tall fat "
    "thin slim lego voxel low-poly lowpoly bald wavy shoulder-length waist-length braided braids "
    "ponytail bob mohawk pixie mullet bun afro dreadlocks bangs fringe curls huge tiny enormous "
    "giant rounder round square chubbier slender obese plump fish-eye fisheye narrower narrow "
    "wide lengthened elongated stretched oversized miniature mini"
)
OPENERS = word_set(
    "in on at under over above below beneath behind beside between near next by with without "
    "inside outside around along across against among amongst atop upon from of to towards toward "
    "onto into through beyond close adjacent opposite throughout within during as using like for "
    "underneath alongside amid past off besides except"
)
RELATIVES = word_set("that which who whose where when being while made so but instead because")
