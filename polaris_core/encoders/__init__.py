"""Texts and pictures to vectors."""
