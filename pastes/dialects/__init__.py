"""Adapters for the protocols of other pastebins. Each parses requests and formats responses in its own way."""
