"""Commands are run as their own tests run them."""

from tests.builder.commands.conftest import project

__all__ = ["project"]
