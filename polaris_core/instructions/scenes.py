"""Places a picture may be set in, and the weather, hours and seasons it may show."""

from __future__ import annotations

from polaris_core.instructions.lexicon import DEFINITE, DETERMINERS, OPENERS
from polaris_core.instructions.phrases import drop_articles, read_thing
from polaris_core.instructions.words import Words, base_noun, word_set

__all__ = ["is_hour", "is_scene", "scene_of_place"]

_SCENES = word_set(
    "beach desert forest city street park mountain office room kitchen bedroom bathroom classroom "
    "library space moon mars jungle garden field meadow countryside village town island seaside "
    "shore coast ocean sea lake river riverbank waterfall canyon valley cave farm barn castle "
    "stadium stage studio cafe restaurant bar pub club gym school hospital museum church temple "
    "market marketplace supermarket mall airport station harbor harbour port pier bridge rooftop "
    "balcony terrace courtyard backyard yard playground pool swamp tundra savanna savannah "
    "prairie rainforest woods orchard vineyard landscape cityscape seascape skyline scenery "
    "wonderland galaxy universe planet world sky clouds underwater spaceship cockpit laboratory "
    "lab warehouse factory alley downtown metropolis suburb neighborhood highway plaza square "
    "theater theatre casino hotel lobby palace ruins graveyard cemetery battlefield dungeon arena "
    "circus carnival fair festival party concert wedding sunset sunrise aurora jungle-scene "
    "lounge cabin chalet dunes cliffs hills woodland greenhouse zoo aquarium runway red-carpet "
    "landmark tower grassland grasslands glacier iceberg volcano oasis reef lagoon bay fjord "
    "snowfield"
)
_HOURS = word_set(
    "day night morning evening afternoon noon midnight dusk dawn twilight sunset sunrise daytime "
    "nighttime daylight moonlight sunlight summer winter spring autumn fall christmas halloween "
    "easter january february march april may june july august september october november december "
    "rain snow fog mist storm thunderstorm snowstorm blizzard weather sunny cloudy rainy snowy "
    "foggy season hour era century 1920s 1930s 1940s 1950s 1960s 1970s 1980s 1990s 2000s haze "
    "drizzle downpour hail heatwave wintertime summertime springtime lightning"
)
_SHOWN = frozenset({"time", "wonderland", "scene", "landscape", "scenery", "atmosphere"})
_INTO = frozenset({"in", "on", "at", "into", "onto", "inside", "by", "near", "under", "above"})


def is_scene(words: Words) -> bool:
    """Whether a phrase names a place: "a sandy beach", "the surface of Mars"."""
    thing = read_thing(words)
    return thing.head in _SCENES or any(base_noun(w.lower) in _SCENES for w in thing.core[-1:])


def is_hour(words: Words) -> bool:
    """Whether a phrase names weather, an hour, a season or an age: "a foggy morning"."""
    thing = read_thing(words)
    if thing.head in _SHOWN and any(w.lower in _HOURS for w in thing.core[:-1]):
        return True
    return thing.head in _HOURS or (bool(thing.core) and thing.core[-1].lower in _HOURS)


def scene_of_place(place: Words) -> Words:
    """The scene in "on a sandy beach", "in front of the Eiffel Tower"; nothing if it is none.

    A place at something that is known already, as "on the table", is no new scene.
    """
    if not place or place[0].lower not in _INTO:
        return ()
    rest = place[1:]
    if len(rest) > 2 and rest[0].lower in ("front", "the") and rest[1].lower in ("of", "middle"):
        rest = rest[3:] if rest[1].lower == "middle" else rest[2:]
    first = rest[0].lower if rest else ""
    _, bare = drop_articles(rest)
    named = bool(bare) and bare[0].text[:1].isupper()
    if not bare or (first in DEFINITE and not named and place[0].lower != "in"):
        return ()
    if first in DEFINITE and not named and not is_scene(bare):
        return ()
    known = first in DETERMINERS - DEFINITE or named or first not in DETERMINERS | OPENERS
    return bare if known and (is_scene(bare) or named) else ()
