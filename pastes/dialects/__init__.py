"""Adapters for other pastebins: each reads its form, calls the one write function and answers in its own format."""
