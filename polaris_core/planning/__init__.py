"""From an intent and its shortlists to a plan that can be carried out and replayed."""
