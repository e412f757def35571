"""A release as it happens: a live view on a terminal, a line for each event elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from builder.clock import Clock
from builder.layer.record import Release
from builder.operations.log_line import ERROR, NOTE, STEP, LogLine
from builder.operations.watch import BuildView, View
from builder.protocol.statuses import FAILED, PUBLISHED, PUBLISHING, WAITING
from builder.report.console import SafeConsole
from builder.report.tables import STYLES, megabytes, plural, release_fields
from builder.report.terminal import echo

Event = dict[str, Any]

SHOWN_NOTES = 3
"""Notes of a build that the live view has room for."""

HIDDEN_PHASES = frozenset({"COMPLETED"})
BRIEF = 0.5
"""Seconds that a phase must have taken to be worth a word once it is over."""


def show_views(views: Iterable[View], *, clock: Clock, as_json: bool) -> View | None:
    """Write views as they come; return the last one."""
    console = SafeConsole(highlight=False)
    if as_json:
        return _write(views, lambda event: json.dumps(event))
    if not console.is_watched:
        return _write(views, sentence)
    return _live(views, console, clock)


# On a terminal


class _Screen:
    """What the live view draws; times go on between two looks."""

    def __init__(self, clock: Clock, *, ascii_only: bool) -> None:
        self.view: View | None = None
        self._clock = clock
        self._spinner = Spinner("line" if ascii_only else "dots", style="cyan")
        self._marks = ("+", "x") if ascii_only else ("✓", "✗")

    def __rich__(self) -> RenderableType:
        view = self.view
        if view is None:
            return self._spinner
        later = 0.0 if view.ended else max(0.0, self._clock.now() - view.at)
        parts: list[RenderableType] = [self._head(view)]
        for build in view.builds:
            parts.append(Padding(self._build(build, view, later), (0, 0, 0, 2)))
        if view.stage == PUBLISHED and view.release is not None:
            parts.append(Padding(_released(view.release), (0, 0, 0, 2)))
        if view.problem and view.stage != WAITING:
            parts.append(Padding(Text(view.problem, style="red"), (0, 0, 0, 2)))
        return Group(*parts)

    def _head(self, view: View) -> RenderableType:
        text = Text.assemble((view.layer, "bold"), "  ", (view.stage, STYLES[view.stage]))
        if view.stage == WAITING:
            event = next(events(None, view))
            text.append(f"  {_awaited(event)}; Ctrl-C ends")
        elif view.reason:
            text.append(f"  {view.reason}", style="dim")
        if view.ended:
            return text
        grid = Table.grid(padding=(0, 1))
        grid.add_row(self._spinner, text)
        return grid

    def _build(self, build: BuildView, view: View, later: float) -> RenderableType:
        state = build.state
        later = later if state.running else 0.0
        parts: list[RenderableType] = [
            Text.assemble(
                ("build ", "dim"), build.title, "  ", (_spent(state.seconds + later), "bold")
            ),
            self._phases(build, later),
        ]
        if state.running and build.step is not None:
            parts.append(_step(build, view.at + later - build.since))
        parts += [Text(f"NOTE: {note}", style="yellow") for note in build.notes[-SHOWN_NOTES:]]
        parts += [Text(f"ERROR: {error}", style="bold red") for error in build.errors]
        return Group(*parts)

    def _phases(self, build: BuildView, later: float) -> RenderableType:
        items = []
        for phase in build.state.phases:
            went_well = phase.status == "SUCCEEDED"
            if phase.name in HIDDEN_PHASES or (went_well and phase.seconds < BRIEF):
                continue
            name = phase.name.lower().replace("_", " ")
            if not phase.status:
                items.append(Text(f"{name} {_spent(phase.seconds + later)}", style="bold cyan"))
            elif went_well:
                said = f"{self._marks[0]} {name} {_spent(phase.seconds)}"
                items.append(Text(said, style="green"))
            else:
                items.append(Text(f"{self._marks[1]} {name} {_spent(phase.seconds)}", style="red"))
        return _Flow(items)


class _Flow:
    """Texts one after the other, none of them broken, on as many lines as they need."""

    def __init__(self, items: Sequence[Text]) -> None:
        self._items = items

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        line = Text()
        for item in self._items:
            if line and line.cell_len + 2 + item.cell_len > options.max_width:
                yield line
                line = Text()
            line = Text.assemble(line, "  ", item) if line else item.copy()
        if line:
            yield line


def _live(views: Iterable[View], console: Console, clock: Clock) -> View | None:
    ascii_only = not console.encoding.lower().startswith("utf")
    screen = _Screen(clock, ascii_only=ascii_only)
    with Live(screen, console=console, refresh_per_second=5, vertical_overflow="visible"):
        for view in views:
            screen.view = view
    last = screen.view
    if last is not None and last.stage == PUBLISHED and last.release is not None:
        # Not in the live view, which breaks what is longer than its lines.
        name = "image" if last.release.image_uri else "arn"
        address = Text.assemble((f"  {name.ljust(10)}", "dim"), last.release.address)
        console.print(address, soft_wrap=True)
    return last


def _step(build: BuildView, seconds: float) -> RenderableType:
    step = build.step
    assert step is not None
    text = Text.assemble((step.text, "bold"), f"  {_spent(max(0.0, seconds))}")
    if not step.total:
        return text
    grid = Table.grid(padding=(0, 2))
    # The worker says up to where it goes before it goes there: the last part has no measure.
    is_last = step.done >= step.total
    grid.add_row(text, ProgressBar(total=step.total, completed=step.done, width=30, pulse=is_last))
    return grid


def _released(release: Release) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for name, value in (
        ("version", str(release.version)),
        ("packages", str(release.packages)),
        ("unzipped", megabytes(release.unzipped_size)),
        ("zipped", megabytes(release.zipped_size)),
    ):
        grid.add_row(Text(name, style="dim"), value)
    return grid


def _spent(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f}s"
    return f"{int(seconds // 60)}m {int(seconds % 60):02d}s"


# Elsewhere


def _write(views: Iterable[View], form: Callable[[Event], str]) -> View | None:
    last: View | None = None
    for view in views:
        for event in events(last, view):
            echo(form(event))
        last = view
    return last


def events(last: View | None, view: View) -> Iterator[Event]:
    """Yield what happened between two looks, each event as flat fields."""
    if last is None and view.stage == WAITING:
        last_one = release_fields(view.release) if view.release else {}
        problem = {"problem": view.problem} if view.problem else {}
        yield {"layer": view.layer, "event": WAITING, "wait": view.wait, **problem, **last_one}
    before = {build.state.id: build for build in last.builds} if last else {}
    for build in view.builds:
        base = {"layer": view.layer, "build": build.state.id}
        known = before.get(build.state.id)
        if known is None:
            yield {**base, "event": "build", "reason": view.reason}
        for line in build.lines:
            event = _line_event(line)
            if event:
                yield {**base, **event}
        if known is None or known.state.phase != build.state.phase:
            yield {**base, "event": "phase", "phase": build.state.phase}
    stage_changed = last is None or last.stage != view.stage
    if stage_changed and view.stage in {PUBLISHING, PUBLISHED, FAILED}:
        release = release_fields(view.release) if view.release else {}
        problem = {"problem": view.problem} if view.problem else {}
        yield {"layer": view.layer, "event": view.stage, **problem, **release}


def _line_event(line: LogLine) -> Event | None:
    if line.kind == STEP and line.step is not None:
        counted = {"done": line.step.done, "total": line.step.total} if line.step.total else {}
        return {"event": STEP, "text": line.text, "seconds": line.step.seconds, **counted}
    return {"event": line.kind, "text": line.text} if line.kind in {NOTE, ERROR} else None


def sentence(event: Event) -> str:
    """Return an event as a line of text."""
    said = _SENTENCES[event["event"]](event)
    return f"{event['layer']}: {said}"


def _awaited(event: Event) -> str:
    """Say what is waited for, how long, and what there is by now."""
    said = (
        f"up to {_spent(event['wait'])} for a build to begin (terraform apply, or lambda-layer "
        "build); "
    )
    if "problem" in event:
        said += f"the last build failed: {event['problem']}; "
    if "version" not in event:
        return f"{said}there is no release yet"
    return f"{said}the last release is version {event['version']} of {event['published_at']}"


_SENTENCES: Mapping[str, Callable[[Event], str]] = {
    WAITING: lambda e: f"waiting {_awaited(e)}",
    "build": lambda e: f"build {e['build']}: {e['reason']}",
    "phase": lambda e: f"phase {e['phase'].lower().replace('_', ' ')}",
    STEP: lambda e: str(e["text"]),
    NOTE: lambda e: f"NOTE: {e['text']}",
    ERROR: lambda e: f"ERROR: {e['text']}",
    PUBLISHING: lambda _e: "built; waiting for it to be published",
    PUBLISHED: lambda e: (
        f"published {e['layer_arn']}, {plural(e['packages'], 'package')}, "
        f"{megabytes(e['unzipped_size'])} unzipped, {megabytes(e['zipped_size'])} zipped"
    ),
    FAILED: lambda e: f"failed: {e['problem']}",
}
