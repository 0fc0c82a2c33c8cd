"""Real servers for the tests: each a process of its own, on loopback, on a port of its own, in a folder of its own."""
