"""The miniature world: a small drawn world, and the small models that are trained on it."""
