"""What the page asks of the zoo, without a host: cards, search, thumbnails, freezing, resolving."""
