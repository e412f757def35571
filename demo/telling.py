"""What the demos have in common: they prove what they say or fail, and end in order."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from builder.errors import LayerError
from demo.parent import end_with_parent
from demo.screen import Screen
from embedded.terraform import Result, Terraform


class StoryBroken(LayerError):
    """Something that the demo promises did not happen."""


@dataclass
class Telling:
    """Tells what terraform does on an embedded AWS; ``logs`` is the folder of what it wrote."""

    terraform: Terraform
    screen: Screen
    logs: Path

    @contextmanager
    def _initialized(self) -> Iterator[None]:
        self._run("init", "-input=false")
        self.screen.detail(self.terraform.used_line)
        with self.terraform.standins_stay_up():
            yield

    def _run(self, *arguments: str, allowed: Collection[int] = (0, 2)) -> Result:
        """Run terraform, keep what it wrote, and fail unless it ended as expected."""
        done = self.terraform.run(*arguments, check=False)
        number = len(list(self.logs.glob("terraform-*"))) + 1
        log = self.logs / f"terraform-{number:02}-{arguments[0]}.log"
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        if done.exit_code not in allowed:
            raise StoryBroken(
                f"terraform {' '.join(arguments)} ended with {done.exit_code}",
                where=str(log),
                expected=f"exit status {' or '.join(map(str, sorted(allowed)))}",
                fix=(done.stderr or done.stdout).strip()[-3000:],
            )
        return done

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            raise StoryBroken(f"not true: {what}", where=f"logs in {self.logs}")
        self.screen.good(what)


def told(tell: Callable[[], None], screen: Screen) -> int:
    """Tell something that ends with this process's parent; return the exit code."""
    end_with_parent()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        tell()
    except LayerError as error:
        screen.error(str(error))
        return 1
    except KeyboardInterrupt:
        screen.say("interrupted; everything that was started has ended")
        return 130
    return 0
