"""What lies in a layer: its files, its distributions, and what native code needs."""
