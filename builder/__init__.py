"""Fast Lambda Layer's builder: plans, builds, publishes and remembers layer versions."""

__version__ = "0.1.0"
