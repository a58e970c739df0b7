"""Words that say how a thing is: colours, materials, adjectives."""

from __future__ import annotations

from polaris_core.instructions.words import word_set

__all__ = [
    "COLOURS",
    "EXPRESSIONS",
    "MATERIALS",
    "PATTERNS",
    "has_adjective_ending",
    "is_comparative",
    "is_quality",
]

COLOURS = word_set(
    "red green blue yellow orange purple violet pink brown black white gray grey gold golden "
    "silver lime tan teal cyan magenta lavender beige maroon navy turquoise indigo crimson "
    "scarlet ivory olive coral peach salmon mint cream khaki amber bronze copper rainbow "
    "multicolored multicolor multicolour colorful colourful transparent blonde blond ginger lilac "
    "mauve fuchsia burgundy aqua aquamarine emerald ruby sapphire charcoal mustard ochre taupe "
    "plum azure cobalt auburn brunette platinum rosy vermilion sepia silvery reddish bluish "
    "greenish pinkish yellowish brownish purplish whitish greyish grayish translucent tangerine "
    "periwinkle"
)
MATERIALS = word_set(
    "wood wooden metal metallic steel iron glass ceramic porcelain clay stone marble concrete "
    "jade crystal diamond plastic leather silk cotton wool velvet denim fur feathers resin bricks "
    "brick paper cardboard rubber sand ice wax bamboo rattan gold silver bronze copper brass "
    "chrome enamel granite chocolate lace linen foam fabric felt straw obsidian pearl knitted "
    "woven knit stainless aluminum aluminium titanium tin pewter plaster cement terracotta "
    "earthenware suede satin chiffon tweed cashmere nylon polyester sequins sequin candy "
    "gingerbread snow water fire smoke lava slate quartz amethyst onyx ivory bone oak walnut "
    "mahogany pine ebony teak cork wicker hay moss mud dough gelatin jelly sugar caramel cheese "
    "butter foil yarn plush acrylic vinyl carbon fiber fibre plywood sandstone limestone quilted "
    "crocheted tile tiles mirror lego plasticine playdough mosaic origami neon holographic cloth "
    "burlap parchment"
)
PATTERNS = word_set(
    "pattern print prints stripes dots camouflage camo plaid tartan paisley checks check "
    "houndstooth polka-dot polka-dots polka zebra-print leopard-print design motif pinstripe "
    "pinstripes chevron herringbone gingham argyle tie-dye"
)
EXPRESSIONS = word_set(
    "sad happy serious angry surprised smiling crying sorrowful scared cheerful excited bored "
    "confused laughing disgusted joyful worried shocked sleepy tired grumpy afraid frightened "
    "terrified furious mad upset disappointed delighted amused calm focused embarrassed nervous "
    "anxious proud sleeping asleep awake happier sadder angrier jealous lonely melancholic "
    "depressed content smug annoyed astonished"
)
_ADJECTIVES = word_set(
    "old older young younger new newer big small large tiny huge bright brighter dark darker "
    "light lighter shiny shinier glossy matte matt dull vivid pale warm warmer cold colder cool "
    "cooler rainy sunny snowy foggy misty cloudy stormy night nighttime daytime day dusk dawn "
    "sunset sunrise winter summer spring autumn fall winter-like wintry vintage modern futuristic "
    "medieval rustic antique ancient glowing sparkling sparkly shining dirty dirtier clean "
    "cleaner wet dry fluffy fluffier furry hairy bald striped checkered chequered spotted "
    "speckled dotted plaid floral patterned male female masculine feminine beautiful handsome "
    "pretty prettier ugly uglier cute cuter scary scarier spooky creepy better nicer thinner "
    "slimmer taller shorter bigger smaller larger longer wider straight straighter curly curlier "
    "wavy blurry blurrier blurred blur sharp sharper clear clearer vibrant moody dramatic gloomy "
    "gloomier romantic dreamy elegant fancy plain simple lit unlit open opened closed broken "
    "cracked shattered rusty magical neon muscular fat fatter thin chubby tall short long "
    "realistic smooth smoother rough soft softer hard messy neat tidy empty full faded bold "
    "subtle rich luxurious shabby worn weathered aged middle-aged elderly youthful abandoned "
    "ruined burning burnt frozen melted melting blooming flowering overgrown dead dying withered "
    "ripe rotten fresh crispy cooked raw steaming foamy frothy fizzy creamy juicy spicy giant "
    "gigantic enormous massive miniature little narrow wide round rounder square oval flat "
    "pointed pointy spiky curved twisted thick thicker heavy heavier deep deeper shallow high "
    "higher low lower loud quiet sleek stylish fashionable trendy formal casual sporty sexy cozy "
    "cosy festive christmassy haunted mysterious mystical enchanted ethereal surreal whimsical "
    "playful funny serious-looking cheerful-looking majestic royal regal heroic evil sinister "
    "angelic demonic robotic mechanical alien tropical arctic exotic oriental rural urban "
    "industrial minimal minimalistic clean-shaven bearded freckled tanned pregnant healthy "
    "healthier sick skinny slim slender strong stronger weak attractive gorgeous stunning "
    "charming luminous radiant iridescent pearlescent opaque see-through sheer tinted saturated "
    "desaturated washed-out overexposed underexposed contrasty high-contrast low-contrast "
    "cinematic hazy smoky dusty muddy sandy rocky grassy leafy mossy bloody zombie-like ghostly "
    "skeletal feathery scaly velvety silky woolly rusted polished painted gilded embroidered "
    "studded bejeweled jeweled ornate decorated carved engraved crumpled wrinkled ripped torn "
    "patched pixelated grainy noisy crooked upside-down lively busy crowded deserted lush barren "
    "verdant autumnal summery springlike post-apocalyptic apocalyptic dystopian utopian "
    "prehistoric victorian edwardian retro grown-up childlike adult teenage grey-haired "
    "illuminated backlit moonlit sunlit candlelit starlit golden-hour underwater same-size "
    "symmetrical proportional visible invisible stormier sunnier mistier warmer-toned cheerier "
    "darkest brightest rainier snowier translucent half-open half-empty half-full fierce scruffy "
    "calm tough rare nice poor brave cheap clever close cruel dense fine firm grand great harsh "
    "kind late loose mild pure quick slow steep stern stiff sweet swift tame tight vague wild "
    "wise gloomy-looking colder-looking professional natural stylized healthier-looking fuller "
    "leaner redder greener bluer yellower whiter blacker pinker browner grayer greyer paler "
    "rosier defined toned lit-up dimmer dim muted pastel monochromatic colored coloured two-tone "
    "transparent-looking fit fitter younger-looking older-looking puffy puffier bushy bushier "
    "shaggy glittery glittering shimmering shimmery twinkling flaming fiery icy frosty electric "
    "radioactive toxic slimy sticky sour bent inflated deflated wooden-looking rectangular "
    "triangular hexagonal circular spherical asian african european korean japanese chinese "
    "caucasian"
)
_QUALITIES = COLOURS | MATERIALS | PATTERNS | EXPRESSIONS | _ADJECTIVES
_ENDINGS = ("er", "ish", "ful", "less", "ous", "ive", "y", "ed", "able", "ible", "ic", "al", "like")
_NO_COMPARATIVES = word_set(
    "soldier pier chandelier cashier courier terrier barrier carrier glacier"
)


def is_quality(word: str) -> bool:
    """Whether a word, in lower case, says how a thing is: a colour, a material, an adjective."""
    if word in _QUALITIES:
        return True
    parts = word.split("-")
    return len(parts) > 1 and (parts[0] in _QUALITIES or parts[-1] in _QUALITIES | _SUFFIXES)


_SUFFIXES = word_set(
    "colored coloured like looking themed made patterned haired eyed skinned toned textured "
    "plated length lit free sized shaped old"
)


def is_comparative(word: str) -> bool:
    """Whether a word compares: "gloomier", "bigger", but not "flower"."""
    if len(word) < 5 or not word.endswith("er"):
        return False
    stems = {word[:-2], word[:-1], word[:-3], word[:-3] + "y"}
    return bool(stems & _QUALITIES) or (word.endswith("ier") and word not in _NO_COMPARATIVES)


def has_adjective_ending(word: str) -> bool:
    """Whether a word ends as adjectives often do; a guess for words in no table."""
    return len(word) > 4 and word.endswith(_ENDINGS)
