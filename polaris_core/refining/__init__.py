"""Descriptions put into a few clear words, by rules or by a language model."""
