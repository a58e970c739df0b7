"""Vectors by entry id, searched by inner product."""
