"""Doubles that ship with the library: plain, deterministic, and honest."""

from __future__ import annotations

from polaris_core.encoders.hashing import HashingEncoder

__all__ = ["HashingEncoder"]
