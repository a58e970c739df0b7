"""The cards of the miniature zoo, which lie where the zoo is assembled."""

from polaris_core.miniature.cards import Nature, ZooModel, zoo_models

__all__ = ["Nature", "ZooModel", "zoo_models"]
