"""What can go wrong with images and the registries that hold them."""

from __future__ import annotations

from builder.errors import LayerError


class ImageError(LayerError):
    """An image cannot be made: its base, its files or its size are not what they must be."""


class RegistryError(LayerError):
    """A registry refuses what it is asked, cannot be reached, or sends something else."""
