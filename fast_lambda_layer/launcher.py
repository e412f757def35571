"""Start the command so that only what is installed with it is imported.

Nothing of ours is imported before the environment is clean, and of others only what Python itself
has imported by then: any name may be taken in a folder of PYTHONPATH.
"""

import os
import sys

INHERITED = ("PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONSTARTUP", "PYTHONINSPECT")
"""Variables that change what is imported or run (Python docs, "Command line and environment").

Others, such as PYTHONWARNINGS, are what somebody wants of this very program.
"""

RESTART = "from fast_lambda_layer.launcher import main; main()"


def main() -> None:
    """Run `lambda-layer`; start Python again if it came up with an environment of others."""
    found = [name for name in INHERITED if os.environ.pop(name, "")]
    if found and not sys.flags.ignore_environment:
        # -P and not -I, which hides what `pip install --user` installs.
        os.execv(sys.executable, [sys.executable, "-P", "-c", RESTART, *sys.argv[1:]])  # noqa: S606
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder of the script, or the working directory
    from fast_lambda_layer.names import check_names

    check_names("builder")
    from builder.cli import main as command

    command(prog_name="lambda-layer")
