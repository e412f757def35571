"""The constructs of a layer and of the infrastructure that builds it."""
