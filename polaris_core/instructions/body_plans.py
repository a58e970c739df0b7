"""Which shapes fit each other's outlines, judged by the nouns alone.

A small table of everyday things, sorted by body plan and rough proportions. Two nouns fit when they
stand in the same row. Its limits: size, pose and point of view are unknown; a noun that is not in
the table fits only itself, since drawing a new shape anew is the safer mistake.
"""

from __future__ import annotations

from polaris_core.instructions.words import base_noun

__all__ = ["body_plan", "is_garment", "is_known_thing", "is_person", "outline_fits"]

_TABLE = {
    "beast": "cat dog fox wolf puppy kitten lion tiger leopard cheetah panther jaguar lynx bear "
    "panda hyena coyote rabbit hare bunny raccoon badger otter squirrel hamster mouse rat pig "
    "koala weasel beaver animal poodle bulldog corgi husky labrador retriever lioness cub wolfdog",
    "hoofed": "horse pony deer cow bull ox donkey mule zebra unicorn antelope elk moose reindeer "
    "stag goat sheep lamb ram camel llama alpaca giraffe foal calf gazelle pegasus",
    "giant": "elephant rhino rhinoceros hippo hippopotamus mammoth",
    "bird": "bird parrot owl eagle hawk falcon crow raven pigeon dove sparrow robin seagull gull "
    "duck goose swan chicken hen rooster penguin peacock flamingo toucan hummingbird vulture "
    "stork heron crane pelican phoenix canary macaw magpie woodpecker",
    "fish": "fish shark whale dolphin goldfish salmon trout koi orca tuna carp",
    "reptile": "lizard crocodile alligator gecko iguana salamander newt",
    "snake": "snake worm eel serpent",
    "insect": "butterfly moth bee wasp dragonfly beetle ant ladybug spider fly insect",
    "dinosaur": "dinosaur dragon t-rex velociraptor",
    "person": "man woman boy girl person child kid baby lady guy gentleman human character figure "
    "teenager adult toddler soldier knight king queen prince princess wizard witch warrior samurai "
    "ninja pirate astronaut doctor nurse chef dancer singer player superhero elf vampire zombie "
    "clown student teacher monk priest mermaid male female grandmother grandfather bride groom",
    "car": "car bus ambulance van truck taxi limousine jeep suv minivan minibus sedan lorry cab "
    "wagon tram carriage pickup hearse coach automobile vehicle",
    "two-wheeler": "bicycle bike motorcycle motorbike scooter moped tricycle",
    "boat": "boat ship sailboat yacht canoe kayak ferry raft gondola submarine",
    "aircraft": "plane airplane aeroplane jet aircraft airliner glider",
    "balloon": "balloon parachute blimp airship",
    "seat": "chair armchair stool throne rocker",
    "couch": "sofa couch bench settee loveseat pew",
    "table": "table desk counter workbench",
    "cabinet": "tv television monitor screen bookshelf bookcase cabinet wardrobe fridge "
    "refrigerator cupboard closet dresser shelf microwave oven aquarium",
    "sheet": "painting picture map poster photo photograph paper letter scroll print canvas "
    "mirror window frame document certificate newspaper card envelope",
    "book": "book notebook laptop tablet diary magazine album",
    "fruit": "apple orange peach lemon lime tomato plum pear apricot nectarine fruit mango onion "
    "pomegranate grapefruit persimmon cherry ball baseball basketball football tangerine",
    "long-food": "banana cucumber carrot zucchini eggplant corn baguette sausage hotdog",
    "disc": "pizza pie plate pancake cookie coin clock wheel tart",
    "cake": "cake cupcake muffin",
    "vessel": "cup mug glass goblet beaker tumbler tankard",
    "bottle": "bottle vase flask jar jug pitcher thermos urn",
    "bowl": "bowl basin pot pan",
    "strings": "guitar violin ukulele cello banjo lute mandolin viola bass",
    "blade": "sword katana sabre saber dagger knife machete lightsaber rapier",
    "pole": "spear staff broom stick cane pole umbrella",
    "hammer": "axe hammer hatchet pickaxe mallet",
    "bag": "bag backpack handbag purse suitcase basket briefcase",
    "box": "box crate chest carton package gift present",
    "top": "shirt t-shirt jacket coat sweater hoodie blouse vest blazer cardigan jersey top jumper "
    "sweatshirt",
    "legwear": "trousers pants jeans shorts leggings",
    "gown": "dress gown skirt robe kimono sari",
    "outfit": "clothes clothing outfit suit uniform costume garment tuxedo armor armour attire",
    "hat": "hat cap helmet beanie beret fedora crown bonnet sombrero turban",
    "shoe": "shoe boot sneaker sandal slipper heel footwear",
    "tower": "tower skyscraper lighthouse steeple obelisk rocket pagoda",
    "house": "house cottage barn cabin hut villa church temple shed bungalow castle palace mansion "
    "building",
    "tree": "tree oak pine palm birch willow maple",
    "flower": "flower rose tulip daisy sunflower lily orchid dandelion poppy",
    "ground": "grass lawn meadow road street field floor path sand beach snow lake river sea ocean "
    "pond sky",
    "mountain": "mountain hill volcano peak",
    "light": "sun moon lamp lantern",
}
_PLANS = {noun: plan for plan, nouns in _TABLE.items() for noun in nouns.split()}
_GARMENTS = frozenset({"top", "legwear", "gown", "outfit"})


def body_plan(noun: str) -> str:
    """The row of the table a noun stands in; empty if it is not in the table."""
    return _PLANS.get(noun.lower()) or _PLANS.get(base_noun(noun), "")


def is_known_thing(noun: str) -> bool:
    """Whether the table holds the noun."""
    return bool(body_plan(noun))


def is_person(noun: str) -> bool:
    """Whether the noun names a human being or a human figure."""
    return body_plan(noun) == "person"


def is_garment(noun: str) -> bool:
    """Whether the noun names something worn on the body, shoes and hats excluded."""
    return body_plan(noun) in _GARMENTS


def outline_fits(old: str, new: str) -> bool:
    """Whether a thing `new` fits the outline of a thing `old`; both are head nouns."""
    if base_noun(old) == base_noun(new):
        return True
    plan = body_plan(old)
    return bool(plan) and plan == body_plan(new)
