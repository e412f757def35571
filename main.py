"""Synthesize the layers into cdktf.out: ``python main.py``, or ``cdktf synth``."""

import sys
from functools import partial
from pathlib import Path

from fast_lambda_layer import synth

main = partial(
    synth.main,
    config=Path(__file__).with_name("layers.toml"),
    proof="stacks.example:ExampleStack",  # imports what is in the example's layers
)

if __name__ == "__main__":
    sys.exit(main())
