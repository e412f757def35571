"""What all layers add to is written once, at synthesis, and not anew with each layer.

Everything that a construct is given goes to Node as a whole: a query of 500 layers that is given
anew with each of them is 125,000 layers' worth of text.
"""

from __future__ import annotations

from collections.abc import Callable

import jsii
from cdktf import Aspects, IAspect
from constructs import Construct, IConstruct


def at_synthesis(construct: Construct, put: Callable[[], object]) -> None:
    """Call ``put`` when the construct's stack is synthesized; it may be called more than once."""
    Aspects.of(construct).add(_Put(put))


@jsii.implements(IAspect)
class _Put:
    def __init__(self, put: Callable[[], object]) -> None:
        self._put = put

    def visit(self, node: IConstruct) -> None:
        """Write what is known now."""
        self._put()
