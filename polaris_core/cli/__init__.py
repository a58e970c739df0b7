"""The command `polaris`."""

from polaris_core.cli.main import main

__all__ = ["main"]
