"""A first layers.toml: what a folder has already, and the file that says it."""

from __future__ import annotations

from builder.operations.init.draft import Draft, DraftLayer
from builder.operations.init.search import Wishes, draft_of
from builder.operations.init.text import text_of
from builder.operations.init.trial import refusals

__all__ = ["Draft", "DraftLayer", "Wishes", "draft_of", "refusals", "text_of"]
