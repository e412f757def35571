"""Container images, written and pushed without a container engine."""
