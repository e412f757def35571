"""The stacks of this application and of the examples."""
