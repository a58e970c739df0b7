"""Fetch model files from the sites that offer them: only on request, only the very file."""
