"""What the benchmarks share: servers, seeds, load, clocks and tables."""
