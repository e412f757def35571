"""What the command loads stays until it ends, so Python does not look through it for garbage."""

from __future__ import annotations

import gc


def keep_what_is_loaded() -> None:
    """End what the launcher began: modules and clients are made without looking for garbage.

    They are never looked through again (Python library reference, gc.freeze), neither meanwhile
    nor when the process ends. Nothing is done where the launcher did not start this process.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
