"""Adapters for the protocols of other pastebins: each reads its form, publishes, and answers in its own format."""
