"""The functions that use a layer: found, checked for room, and moved to a release."""
