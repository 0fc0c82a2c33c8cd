"""Code shared by the benchmarks: servers, seed data, load, timing and tables."""
