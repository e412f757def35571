"""What tests cost in CPU, by folder and by file: `make test ARGS=--cost`.

Seconds of CPU say the same on a busy machine as on an idle one, nearly: seconds of a clock do not.
Of a test count the process that runs it and the processes that have ended within it; not those that
serve several tests (the embedded AWS, stand-ins that stay up) nor the start of each worker.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from pathlib import PurePosixPath

import pytest

FILES = 30
"""How many files are named, those that cost most."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--cost", action="store_true", help="say what tests cost in CPU")


def pytest_configure(config: pytest.Config) -> None:
    """Measure if it is asked for; in the process that runs the tests and in the one that prints."""
    if config.getoption("--cost"):
        config.pluginmanager.register(Cost(), "cost")


def spent() -> tuple[float, float]:
    """Return the CPU seconds of this process, and of those that it has waited for."""
    times = os.times()
    return times.user + times.system, times.children_user + times.children_system


class Cost:
    """Adds up what tests cost."""

    def __init__(self) -> None:
        self.before = spent()
        self.is_last = False
        self.own: Counter[str] = Counter()
        self.started: Counter[str] = Counter()
        self.tests: Counter[str] = Counter()

    def pytest_runtest_logstart(self) -> None:
        """Begin with a test."""
        self.before = spent()

    def pytest_runtest_teardown(self, nextitem: pytest.Item | None) -> None:
        """Note whether what served all tests ends now: its whole CPU is no cost of this one."""
        self.is_last = nextitem is None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note what a phase of a test has cost; the report goes to the process that prints."""
        report = yield
        before, self.before = self.before, spent()
        if call.when != "teardown" or not self.is_last:
            vars(report)["cost"] = [now - was for was, now in zip(before, self.before, strict=True)]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a phase of a test to its file."""
        own, started = vars(report).get("cost", (0.0, 0.0))
        file = report.nodeid.partition("::")[0]
        self.own[file] += own
        self.started[file] += started
        self.tests[file] += report.when == "call"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the folders, and the files that cost most."""
        write = terminalreporter.write_line
        terminalreporter.section("seconds of CPU: all, the test's own, what it started; tests")
        folders: Counter[str] = Counter()
        for file, seconds in (self.own + self.started).items():
            folders["/".join(PurePosixPath(file).parts[:2])] += seconds
        for folder, seconds in folders.most_common():
            write(f"{seconds:8.1f}  {folder}")
        write(f"{sum(folders.values()):8.1f}  all\n")
        for file, seconds in (self.own + self.started).most_common(FILES):
            parts = f"{self.own[file]:7.1f} {self.started[file]:7.1f} {self.tests[file]:6}"
            write(f"{seconds:8.1f} {parts}  {file}")
