"""Retrieval, planning and everything else of Polaris that knows nothing of ComfyUI."""

__version__ = "0.1.0"
