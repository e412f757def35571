#!/bin/sh
# The command. It clears what would change what is imported, before Python starts: with a wrong
# PYTHONHOME no program of ours would. The installer writes the other one beside it.
unset PYTHONHOME PYTHONPATH PYTHONPLATLIBDIR PYTHONSTARTUP PYTHONINSPECT
unset PYTHONEXECUTABLE __PYVENV_LAUNCHER__ # with another interpreter's, Python leaves its venv
program="$0-python"
[ -x "$program" ] || program="$(readlink -f "$0")-python" # a link that a user made
exec "$program" "$@"
