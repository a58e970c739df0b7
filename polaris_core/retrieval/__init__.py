"""From an intent to shortlists of checkpoints and LoRAs, each hit with its reasons."""
