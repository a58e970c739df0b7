"""A zoo made by a script: small models that run, and metadata to search."""
