"""The stacks of this application and of the examples."""

import modules.layer as modules_layer  # before cdktf, which is slow if it starts Node itself

__all__ = ["modules_layer"]
