import signal
import subprocess
import sys
import threading

import pytest

from builder.signals import Ended, ended_in_order
from tests.patience import PATIENCE

ENDS = (signal.SIGTERM, signal.SIGHUP)

IGNORED = """
import os, signal
from builder.signals import ended_in_order
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with ended_in_order():
    os.kill(os.getpid(), signal.SIGHUP)
print("goes on")
"""

IN_AN_IMPORT = """
import os, signal, sys, weakref
from builder.cli import main

class Watched:
    pass

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "builder.commands.schema":
            watched = Watched()
            seen = weakref.ref(watched, lambda _: os.kill(os.getpid(), signal.SIGINT))
            del watched

sys.meta_path.insert(0, Finder())
main(["schema"], prog_name="lambda-layer")
"""


def test_an_interrupt_that_falls_into_a_callback_of_an_import_ends_it_in_a_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_AN_IMPORT], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


@pytest.mark.parametrize("number", ENDS)
def test_a_signal_ends_the_block_as_an_interrupt_and_only_the_block(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt) as ended, ended_in_order():
            signal.raise_signal(number)
        after = signal.getsignal(number)
    finally:
        signal.signal(number, before)

    assert isinstance(ended.value, Ended)
    assert ended.value.number == number
    assert after == signal.SIG_DFL


def test_a_block_in_a_block_keeps_the_handlers_of_the_outer_one() -> None:
    with ended_in_order():
        outer = signal.getsignal(signal.SIGTERM)
        with ended_in_order():
            assert signal.getsignal(signal.SIGTERM) == outer
        assert signal.getsignal(signal.SIGTERM) == outer


def test_what_nohup_ignores_stays_ignored() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IGNORED],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout == "goes on\n"


def test_in_another_thread_nothing_is_changed() -> None:
    seen: list[bool] = []

    def work() -> None:
        before = signal.getsignal(signal.SIGTERM)
        with ended_in_order():
            seen.append(signal.getsignal(signal.SIGTERM) == before)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(PATIENCE)

    assert seen == [True]
