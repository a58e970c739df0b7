"""Language models that answer a question: on this machine, or behind a server."""
