"""Start the command so that only what is installed with it is imported.

Nothing of ours is imported before the environment is clean, and of others only what Python itself
has imported by then: any name may be taken in a folder of PYTHONPATH.
"""

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

INHERITED = (
    *("PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONSTARTUP", "PYTHONINSPECT"),
    *("PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"),
)
"""Variables that change what is imported or run (Python docs, "Command line and environment").

With one of the last two Python looks for its venv beside another program (getpath.py of CPython).
Others, such as PYTHONWARNINGS, are what somebody wants of this very program.
"""

RESTART = "from fast_lambda_layer.launcher import main; main()"


def interrupted(*_signal: object) -> "NoReturn":
    """End at once at Ctrl-C: nothing was begun, and a traceback of imports helps nobody.

    An exception would be swallowed or shown raw by whatever is being imported.
    """
    os.write(2, b"interrupted\n")
    os._exit(130)


def main() -> None:
    """Run `lambda-layer`; start Python again if it came up with an environment of others."""
    found = [name for name in INHERITED if os.environ.pop(name, "")]
    if found and not sys.flags.ignore_environment:
        # -P and not -I, which hides what `pip install --user` installs.
        os.execv(sys.executable, [sys.executable, "-P", "-c", RESTART, *sys.argv[1:]])  # noqa: S606
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder of the script, or the working directory
    try:
        import signal
    except KeyboardInterrupt:
        interrupted()

    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # otherwise it is ignored, as whoever started us wants
        signal.signal(signal.SIGINT, interrupted)
    from fast_lambda_layer.names import check_names

    check_names("builder")
    gc.disable()  # until all is loaded: builder/heap.py
    from builder.cli import main as command
    from builder.signals import end_at_once

    end_at_once(before)
    command(prog_name="lambda-layer")
