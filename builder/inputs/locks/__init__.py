"""The lock files of uv, Poetry and PEP 751, read as one lock."""
