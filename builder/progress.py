"""Progress: one line about what is done now, for people who wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Progress = Callable[[str], None]


def named(runtimes: Iterable[str], progress: Progress) -> dict[str, Progress]:
    """Return, by runtime, what shows progress with the runtime's name before it."""

    def of(runtime: str) -> Progress:
        return lambda line: progress(f"{runtime}: {line}")

    return {runtime: of(runtime) if runtime else progress for runtime in runtimes}
