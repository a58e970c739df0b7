"""Other people's catalogues: models that are not on this disk, searchable like the others."""
