"""The embedded AWS: what `make demo` and the tests run against on loopback."""
