"""Real servers for the tests, each a separate process on loopback, with its own port and folder."""
