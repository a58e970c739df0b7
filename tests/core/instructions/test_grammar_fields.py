"""Every field of the intent, on sentences of each type."""

from __future__ import annotations

import pytest

from polaris_core.instructions.grammar import parse_instruction
from polaris_core.instructions.intent import InstructionType

CHANGE, ADD, LOCAL, GLOBAL, NEW, REMOVE, OTHER = InstructionType


@pytest.mark.parametrize(
    ("sentence", "subject", "objects", "style", "prompt", "fits"),
    [
        (
            "Could you replace the red car parked on the left with an old tractor?",
            ("red car", "on the left"),
            "old tractor",
            "",
            "an old tractor",
            True,
        ),
        (
            "turn the dog on the left into a wolf",
            ("dog", "on the left"),
            "wolf",
            "",
            "a wolf",
            True,
        ),
        (
            "Change the old man's cane into a snake, done in ink",
            ("cane", ""),
            "snake",
            "ink",
            "a snake, ink style",
            False,
        ),
        (
            "Replace the pot by the window with a magician's hat",
            ("pot", "by the window"),
            "magician's hat",
            "",
            "a magician hat",
            False,
        ),
        ("swap the ball for a globe", ("ball", ""), "globe", "", "a globe", True),
        (
            "make the swan a boat made of paper, in cubist style",
            ("swan", ""),
            "boat made of paper",
            "cubist",
            "a boat made of paper, cubist style",
            False,
        ),
        ("replace the book she is holding with a tablet", None, "tablet", "", "a tablet", True),
        ("Make it so that the lion is a tiger", ("lion", ""), "tiger", "", "a tiger", True),
        ("the hot dog should be a burrito", ("hot dog", ""), "burrito", "", "a burrito", True),
    ],
)
def test_a_thing_becomes_another(sentence, subject, objects, style, prompt, fits):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is CHANGE
    if subject:
        assert (intent.subject, intent.place) == subject
    assert (intent.object_words, intent.style_words) == (objects, style)
    assert intent.style_transformation is bool(style)
    assert intent.generation_prompt == prompt
    assert intent.contour_compatible is fits
    assert intent.topics.style == style
    assert intent.topics.objects


@pytest.mark.parametrize(
    ("sentence", "objects", "anchor", "style", "foreground"),
    [
        (
            "add a red kite with a long tail flying over the lake",
            "red kite with a long tail",
            "over the lake",
            "",
            ("kite", "lake"),
        ),
        ("Insert a man in a suit next to her", "man in a suit", "next to her", "", None),
        ("Behind the couple, insert a waterfall", "waterfall", "Behind the couple", "", None),
        ("Give the horse wings", "wings", "the horse", "", ("wing", "horse")),
        ("have the dog wear a bow tie", "bow tie", "the dog", "", ("tie", "dog")),
        ("Decorate the tree with fairy lights", "fairy lights", "on the tree", "", None),
        ("add a bird in the style of Picasso on the roof", "bird", "on the roof", "Picasso", None),
        (
            "Put a charcoal-sketch owl on the branch",
            "owl",
            "on the branch",
            "charcoal-sketch",
            None,
        ),
        ("add a charcoal owl on the branch", "owl", "on the branch", "charcoal", None),
        ("add a charcoal red chair on the left", "red chair", "on the left", "charcoal", None),
        ("add a charcoal grey chair on the left", "charcoal grey chair", "on the left", "", None),
        ("add a pastel pink balloon on the left", "pastel pink balloon", "on the left", "", None),
        ("add a sketch artist on the left", "sketch artist", "on the left", "", None),
        ("add a gold leaf crown on the table", "crown", "on the table", "gold leaf", None),
        ("add a couple of ducks up in the reeds", "ducks", "in the reeds", "", ("duck", "reed")),
        ("Add a cat sitting on the wall", "cat", "on the wall", "", ("cat", "wall")),
        ("a butterfly on her shoulder", "butterfly", "on her shoulder", "", None),
        ("Draw whiskers on the child's face", "whiskers", "on the child's face", "", None),
        ("create a bench under the tree", "bench", "under the tree", "", ("bench", "tree")),
        ("Please add a lamp to this picture", "lamp", "", "", ("lamp",)),
    ],
)
def test_a_thing_is_added(sentence, objects, anchor, style, foreground):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is ADD
    assert (intent.object_words, intent.anchor) == (objects, anchor)
    assert intent.style_words == intent.topics.style == style
    assert intent.style_transformation is bool(style)
    if foreground:
        assert intent.foreground == foreground


@pytest.mark.parametrize(
    ("sentence", "subject", "style", "prompt", "fits"),
    [
        ("make the wall look old and cracked", "wall", "old and cracked", None, True),
        ("change his suit from grey to navy blue", "suit", "navy blue", "navy blue suit", True),
        ("Turn my jacket into a leather one", "jacket", "leather", "a leather jacket", True),
        ("make the fur of the cat longer", "fur", "longer", "longer fur", False),
        ("make the red barn blue", "red barn", "blue", "blue barn", True),
        ("Carve the statue out of ice", "statue", "ice", "ice statue", True),
        ("make the lamp glow", "lamp", "glowing", "glowing lamp", True),
        ("Make her look ten years younger", "her", "ten years younger", None, True),
        ("Give him green eyes", "eyes", "green", "green eyes", True),
        ("make my hair curly", "hair", "curly", "curly hair", False),
        ("dye her hair purple", "hair", "purple", "purple hair", True),
        ("Make the rug striped", "rug", "striped", "striped rug", True),
        ("change the color of the boots", "boots", "different color", None, True),
        ("make the title red", "title", "red", "red title", True),
        ("Give the couch a tartan pattern", "couch", "tartan pattern", None, True),
        ("The grass looks dull, make it greener", "grass", "greener", "greener grass", True),
        ("render the mountain as low poly", "mountain", "low poly", "low poly mountain", True),
        ("blur everything behind the rider", "background", "blur", "blurred background", True),
        ("Put the family in a medieval market", "background", "medieval market", None, True),
        ("change the setting around the hut to a swamp", "background", "swamp", "swamp", True),
    ],
)
def test_a_thing_keeps_its_kind_and_looks_different(sentence, subject, style, prompt, fits):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is LOCAL
    assert (intent.subject, intent.style_words) == (subject, style)
    assert prompt is None or intent.generation_prompt == prompt
    assert intent.contour_compatible is fits


@pytest.mark.parametrize(
    ("sentence", "prompt"),
    [
        ("Make it look like it was painted by Monet", "Monet"),
        ("let it snow", "snow"),
        ("what if it were night?", "night"),
        ("Set the scene at dusk", "dusk"),
        ("change the time of day to sunset", "sunset"),
        ("lower the exposure a little", "less exposure"),
        ("brighten the photo", "brighter"),
        ("Colorize this old black and white photo", "colorized"),
        ("Add film grain", "film grain"),
        ("more contrast please", "more contrast"),
        ("Turn this into a vintage travel poster", "vintage travel poster"),
        ("recreate the picture in the style of Hokusai", "Hokusai"),
        ("B&W", "black and white"),
        ("fix the lighting", "balanced lighting"),
        ("My photo looks too yellow; please adjust the colors", "balanced colors"),
    ],
)
def test_the_whole_picture_looks_different(sentence, prompt):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is GLOBAL
    assert (intent.subject, intent.generation_prompt) == ("image", prompt)
    assert intent.style_transformation


@pytest.mark.parametrize(
    ("sentence", "subject", "place", "prompt"),
    [
        ("Take the hat off the man", "hat", "from the man", "the man"),
        ("wipe the graffiti off the wall", "graffiti", "from the wall", "the wall"),
        ("remove the second dog from the left", "second dog", "from the left", "the background"),
        ("erase the text on the cup", "text", "on the cup", "the cup"),
        ("there shouldn't be any cars", "cars", "", "the background"),
        ("Get that ugly sign out of here", "ugly sign", "", "the background"),
    ],
)
def test_a_thing_leaves(sentence, subject, place, prompt):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is REMOVE
    assert (intent.subject, intent.place, intent.generation_prompt) == (subject, place, prompt)


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("replace the text sale with closed", "text"),
        ("change the sign to say OPEN", "text"),
        ("put the word LOVE on her shirt", "text"),
        ("Change the date to 2031", "text"),
        ("give a high five", "does not say"),
        ("Make the player kick the ball", "pose"),
        ("make the girl blow a kiss", "pose"),
        ("have him look at the camera", "pose"),
        ("Generate a version where the boy is asleep", "pose"),
        ("turn her head to the left", "pose"),
        ("Show the house from above", "point of view"),
        ("make the picture sharper", "restoring"),
        ("remove the noise", "restoring"),
        ("crop the image to a square", "cutting out"),
        ("Make me an ID photo from this picture", "ID photo"),
        ("What is in this picture?", "question"),
        ("Delete it", "what to remove"),
    ],
)
def test_what_lies_outside_says_why(sentence, says):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is OTHER
    assert says in intent.explanation


@pytest.mark.parametrize(
    ("sentence", "remaining"),
    [
        ("Put a hat on the man and a scarf on the woman", ("Put a scarf on the woman",)),
        (
            "Remove the cup from the table and the coat from the chair",
            ("Remove the coat from the chair",),
        ),
        ("Add a hat to the man and the woman", ()),
        ("Put a bowl with a lemon and a lime on the table", ()),
        ("Retouch the picture, making the sky pink and removing the wires", ("remove the wires",)),
        ("1. Make the door blue\n2. Add a lamp", ("Add a lamp",)),
        ("Keep the dog but replace the cat with a fox", ()),
        ("Replace the lamp — the one on the desk — with a plant", ()),
    ],
)
def test_further_requests_are_told_from_what_belongs_to_the_first(sentence, remaining):
    assert parse_instruction(sentence).remaining == remaining
