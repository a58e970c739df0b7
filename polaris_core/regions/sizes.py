"""How large things usually are, by the body plan of their noun.

For two questions only: how high a thing is for its width, and how large it is beside another. So
the figures are rough, in metres, of the middle of each row of `polaris_core.instructions.shapes`;
rows of things without a size of their own (water, ground, meals) are left out.
"""

from __future__ import annotations

from typing import NamedTuple

from polaris_core.instructions.body_plans import body_plan

__all__ = ["ThingSize", "size_of"]


class ThingSize(NamedTuple):
    """Height and width in metres."""

    height: float
    width: float

    @property
    def aspect(self) -> float:
        """Height over width."""
        return self.height / self.width


def size_of(noun: str) -> ThingSize | None:
    """How large a thing is, seen from the side it is mostly seen from; None if that is unknown."""
    return _SIZES.get(body_plan(noun)) if noun else None


_TABLE = """
beast .6 .9 | tiny-beast .08 .13 | bear 1.4 1.2 | hoofed 1.6 1.9 | long-necked 4.5 2.5
giant 2.8 3.8 | primate 1 .8 | bird .3 .3 | wader 1.2 .6 | bat .12 .3 | fish .4 1.2 | turtle .3 .6
crawler .15 .3 | octopus .8 .8 | reptile .3 1 | frog .08 .1 | snail .05 .08 | snake .2 .8
insect .03 .05 | dinosaur 3 4 | person 1.7 .6 | creature 1.7 .7
car 1.6 4 | train 3.5 14 | two-wheeler 1.1 1.8 | boat 3 6 | submarine 4 20 | aircraft 5 18
helicopter 3 9 | balloon 15 13 | airship 12 45 | snowmobile 1.2 2.8 | board .3 1.4 | sled .7 1.6
seat .9 .6 | couch .9 2 | bed 1 2 | table .8 1.4 | cabinet 1.2 1 | sheet .6 .6 | book .25 .2
phone .15 .08 | camera .12 .15 | door 2 .9 | fence 1.1 4 | rug .5 2 | lamp 1.2 .4 | chandelier .9 .9
tub .7 1.6 | toilet .8 .5 | clock .4 .4 | bell .3 .3 | candle .2 .05
fruit .09 .09 | sphere .25 .25 | long-food .05 .2 | sandwich .1 .12 | crescent .07 .14
pineapple .3 .14 | disc .08 .28 | cake .15 .25 | loaf .12 .25 | ice-cream .15 .07 | meat .05 .2
cup .1 .1 | bottle .3 .1 | can .12 .07 | kettle .25 .25 | bowl .15 .25 | strings 1 .4 | keys 1.1 1.5
winds .7 .06 | brass .4 .6 | accordion .35 .4 | drum .5 .5 | blade .9 .12 | pole 1.5 .2
pen .15 .02 | hammer .4 .15 | gun .2 .6 | spoon .2 .04 | bag .45 .4 | box .4 .4
cloth 1 .7 | cushion .4 .5 | microphone .2 .06 | racket .7 .3
top .7 .6 | legwear 1 .4 | skirt .6 .5 | gown 1.4 .6 | outfit 1.5 .6 | hat .2 .28 | crown .13 .2
shoe .12 .28 | boot .35 .28 | glove .22 .12 | ring .05 .05 | necklace .2 .2 | tie .5 .1
bow .07 .13 | eyewear .05 .15 | mask .2 .17 | earphones .2 .2
tower 30 8 | house 8 10 | tent 2 3 | igloo 2 3.5 | bridge 8 40 | booth 1.8 .8
mailbox 1.3 .4 | post 2.5 .3 | fountain 2.5 3 | tree 7 5 | palm 8 4
bush 1.2 1.4 | cactus 1.6 .8 | flower .4 .15 | bouquet .4 .3
mushroom .12 .1 | mountain 600 1600 | pyramid 100 170 | cloud 300 900 | rock .8 1.2 | plant .7 .5
leaf .12 .08 | kite .9 .8
"""

_ROWS = [row.split() for row in _TABLE.replace("\n", "|").split("|") if row.strip()]
_SIZES = {plan: ThingSize(float(height), float(width)) for plan, height, width in _ROWS}
