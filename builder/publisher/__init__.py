"""The publisher function, which finishes a release when its build has ended (async mode)."""
