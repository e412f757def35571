"""Check that the layer works on its runtime before it is published."""
