"""Things and looks that the language model reads about: those of the world, and many more.

With only the world's 22 kinds and 14 styles a model would learn them by heart. What it is to learn
is to compare the words of a request with those of a description, so it sees several hundred, and
words made up of syllables besides. Some are kept back, to measure with.
"""

from __future__ import annotations

__all__ = [
    "COLOUR_WORDS",
    "FORMS",
    "HELD_OUT_NOUNS",
    "HELD_OUT_STYLES",
    "KIND_WORDS",
    "NOUNS",
    "PLACES",
    "STYLES",
    "STYLE_WORDS",
]


def _parted(words: str, by: str | None = None) -> tuple[str, ...]:
    return tuple(words.split(by))


KIND_WORDS = _parted(
    "cat fish bird house tree car boat flower mushroom star cup balloon rocket umbrella "
    "fox snowman cactus crab teapot owl crown lighthouse"
)
"""The world's kinds."""

STYLE_WORDS = (
    *("flat", "outline", "pixel art", "neon", "stripes", "mosaic"),
    *("watercolor", "blueprint", "charcoal", "stained glass", "polka dots", "chalkboard"),
    *("halftone", "gold leaf"),
)
"""The world's styles."""

COLOUR_WORDS = _parted(
    "red orange yellow green blue purple pink brown white black grey golden tiny big old"
)
PLACES = _parted(
    "meadow|desert|sea|night|snow|beach|forest|street|kitchen|harbour|mountains|garden|city|river"
    "|left|right|picture",
    "|",
)

NOUNS = (
    *KIND_WORDS,
    *_parted(
        "dog horse cow sheep goat pig rabbit hare mouse rat squirrel hedgehog bear wolf lion tiger "
        "leopard cheetah panther elephant giraffe zebra monkey gorilla panda koala kangaroo deer "
        "moose camel llama alpaca badger otter beaver seal walrus whale dolphin shark octopus "
        "squid jellyfish lobster shrimp snail butterfly moth bee wasp beetle ladybug dragonfly "
        "spider ant frog toad lizard snake turtle crocodile dinosaur dragon unicorn phoenix "
        "griffin eagle hawk falcon raven crow pigeon swan duck goose chicken rooster peacock "
        "parrot penguin flamingo stork hummingbird rose tulip sunflower daisy orchid lily lotus "
        "oak pine palm bamboo fern leaf acorn apple pear banana cherry strawberry lemon melon "
        "pineapple grape carrot tomato pumpkin onion garlic bread cake pie pizza burger noodle "
        "cookie candy cheese egg bottle jar mug bowl plate spoon fork knife kettle pan lamp "
        "candle lantern chair table sofa bed desk shelf mirror clock watch book pencil brush "
        "guitar piano violin drum trumpet flute bicycle motorcycle scooter bus truck train tram "
        "tractor plane helicopter airship ship yacht canoe submarine castle tower bridge barn "
        "windmill church temple tent igloo cabin fountain statue robot doll teddy kite ball drone "
        "camera telescope microscope compass anchor key lock sword shield bow armor helmet hat "
        "scarf glove boot shoe dress coat ring necklace mask backpack suitcase basket ladder "
        "hammer saw wrench rope wheel engine gear volcano island waterfall glacier cloud rainbow "
        "moon planet comet satellite skull skeleton ghost witch wizard knight pirate samurai "
        "ninja astronaut mermaid fairy goblin troll giant"
    ),
)
"""What object adapters draw."""

STYLES = (
    *STYLE_WORDS,
    *_parted(
        "oil painting|gouache|acrylic|pastel|crayon|colored pencil|ink wash|ink|sumi-e|woodcut"
        "|linocut|etching|engraving|lithograph|screen print|risograph|fresco|tempera|impasto"
        "|pointillism|cubism|surrealism|expressionism|impressionism|art deco|art nouveau|bauhaus"
        "|baroque|gothic|pop art|graffiti|vaporwave|synthwave|cyberpunk|steampunk|solarpunk|anime"
        "|manga|comic|cartoon|chibi|caricature|storybook|concept art|vector art|line art|low poly"
        "|voxel|isometric|claymation|papercut|origami|quilling|embroidery|knitted|crochet|felt"
        "|patchwork|tapestry|batik|tie-dye|origami paper|ceramic|porcelain|marble|bronze|wood"
        "|ice|sea glass|crystal|chrome|rust|gold foil|silver foil|lego|balloon animal|sand"
        "|candy cane|gingerbread|sticker|tattoo|mandala|ukiyo-e|silhouette|x-ray|infrared"
        "|polaroid|sepia|film noir|lomography|double exposure|tilt shift|hdr|vintage photo"
        "|daguerreotype|glitch|ascii|wireframe|thermal|hologram|botanical print|zentangle"
        "|scribble|doodle|stencil|spray paint|cave painting|hieroglyph|parchment|pixel glitch"
        "|neon sign|blue print fabric|glass painting|chalk|checkered|plaid|leopard print",
        "|",
    ),
)
"""What style adapters give."""

FORMS = {
    "outline": ("outline", "outline", "outlined"),
    "stripes": ("stripes", "stripes", "striped"),
    "polka dots": ("polka dots", "polka dots", "polka dot"),
    "watercolor": ("watercolor", "watercolor", "watercolour", "watercolors"),
    "charcoal": ("charcoal", "charcoal", "charcoal drawing"),
    "chalkboard": ("chalkboard", "chalkboard", "chalkboard drawing"),
    "pixel art": ("pixel art", "pixel art", "pixelated", "pixel"),
    "mosaic": ("mosaic", "mosaic", "mosaics"),
    "knitted": ("knitted", "knit"),
    "embroidery": ("embroidery", "embroidered"),
    "oil painting": ("oil painting", "oil paint", "oil painted"),
    "claymation": ("claymation", "clay"),
}
"""Other words for the same look; the oftener given, the oftener said."""

HELD_OUT_NOUNS = _parted(
    "raccoon ostrich narwhal pelican caterpillar tortoise saxophone gondola pagoda typewriter "
    "hourglass catapult zeppelin scarecrow minotaur artichoke"
)
HELD_OUT_STYLES = (
    *("marquetry", "scratchboard", "cyanotype", "macrame", "suprematism", "scrimshaw"),
    *("cloisonne", "trompe", "sgraffito", "decoupage"),
)
"""Never in what the language model is trained on, nor in what its tokens were made from."""
