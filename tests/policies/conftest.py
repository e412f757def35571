"""The application of the builder's tests, and the project of the commands' tests."""

from tests.builder.commands.conftest import project
from tests.builder.conftest import world

__all__ = ["project", "world"]
