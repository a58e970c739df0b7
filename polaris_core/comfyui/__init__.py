"""Talking to a ComfyUI from outside: where it is, starting it, running workflows on it."""
