"""Synthesize the layers into cdktf.out: ``python main.py``, or ``cdktf synth``."""

import sys
from functools import partial

from fast_lambda_layer import synth

main = partial(
    synth.main,
    proof="stacks.example:ExampleStack",  # imports what is in the example's layers
)

if __name__ == "__main__":
    sys.exit(main())
