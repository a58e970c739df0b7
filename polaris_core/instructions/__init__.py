"""From the user's sentence to an intent."""
