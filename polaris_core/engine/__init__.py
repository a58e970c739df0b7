"""Carry out a plan without ComfyUI, by diffusers."""
