"""What other libraries do, and plain ways, for benchmarks to compare with."""
