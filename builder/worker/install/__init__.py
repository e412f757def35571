"""Put into the layer what was resolved, and what the user brings."""
