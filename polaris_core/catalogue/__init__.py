"""All known model files: reading them, keeping them, finding them by name."""
