"""Regions of a picture: what is proposed, and by whom."""
