"""The benchmark's command line: ``python -m bench [small] [medium] [large] [plan] [files]``."""

from __future__ import annotations

import fcntl
import os
import platform
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench.contest import Result, contest
from bench.files import Files, files
from bench.measure import Failed
from bench.plans import Plans, plans
from bench.samples import SAMPLES
from bench.spent import delete

FOLDER = Path(__file__).resolve().parents[1] / ".bench"
PLAN, FILES = "plan", "files"
WANTED = {50: 3.0, 500: 12.0}
"""By number of layers: how much longer than for one layer the plan hook may take."""

MEMORY_LIMIT = 512_000_000
SIDES = (
    *(("ours", "ours"), ("pip", "pip + zipfile")),
    *(("sam+zip", "sam build + zipfile"), ("sam", "sam build, no zip")),
)


def package_py_file(_: click.Context, __: click.Parameter, file: Path | None) -> Path | None:
    """Return the file, if one is named; raise BadParameter where there is none."""
    if file and not file.is_file():
        raise click.BadParameter(
            f"no file {file}; expected package.py of the module terraform-aws-lambda, as "
            "'terraform init' leaves it in .terraform/modules/NAME/package.py"
        )
    return file


@click.command()
@click.argument("names", nargs=-1, type=click.Choice((*SAMPLES, PLAN, FILES)))
@click.option("--repeat", default=3, show_default=True, help="Warm runs of each; the best counts.")
@click.option(
    "--package-py",
    type=click.Path(path_type=Path),
    callback=package_py_file,
    envvar="PACKAGE_PY",
    show_envvar=True,
    metavar="FILE",
    help="plan: package.py of the module terraform-aws-lambda, to run beside our script.",
)
def main(names: tuple[str, ...], repeat: int, package_py: Path | None) -> None:
    """Compare ours with pip + zipfile and with sam build, in turns, in one run.

    ``plan`` times the hooks of a plan without changes, ``files`` the fingerprint of many files.
    """
    # An end from outside ends what is being measured, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    screen = Console(width=110)
    FOLDER.mkdir(exist_ok=True)
    lock = (FOLDER / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        screen.print("ERROR: another benchmark is running; two would measure each other")
        sys.exit(1)
    screen.print(machine(), highlight=False)
    try:
        for name in names or (*SAMPLES, PLAN, FILES):
            if name == PLAN:
                show_plans(plans(repeat, package_py), screen)
                continue
            if name == FILES:
                show_files(files(repeat), screen)
                continue
            result = contest(SAMPLES[name], FOLDER / "venv", FOLDER / "work", repeat)
            show(result, screen)
    except Failed as error:
        screen.print(f"ERROR: {error}", style="red", markup=False)
        sys.exit(1)
    finally:
        for folder in (FOLDER, *(FOLDER / "work").glob("*")):
            delete(folder)


def machine() -> str:
    """Return where and when this is measured."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} x "
        f"{models[0] if models else platform.machine()}, load {load}, Python "
        f"{platform.python_version()}"
    )


def show_plans(found: Plans, screen: Console) -> None:
    """Print what the hooks of a plan take where nothing is due."""
    table = Table(title="plan: one hook that finds nothing to do, of an application with...")
    for heading in ("", "wall", "ratio", "processor", "ratio", "of", "wanted at most"):
        words = heading in ("", "of", "wanted at most")
        table.add_column(heading, justify="left" if words else "right")
    (one, *more) = found.hooks
    rows = [("1 layer", found.hooks[one], found.clients, "boto3 with two clients", 1.5)]
    rows += [
        (f"{count} layers", found.hooks[count], found.hooks[one], "one layer", WANTED[count])
        for count in more
    ]
    rows += [
        (f"{who}, {count}", taken, found.hooks[count], f"our hook of {count}", 0)
        for (who, count), taken in found.each.items()
    ]
    rows.append(("--help", found.help, found.command, "python that imports click", 3))
    for what, taken, base, name, wanted in rows:
        wall, processor = taken.by(base)
        table.add_row(
            *(what, f"{taken.wall:.2f} s", f"{wall:.2f}", f"{taken.processor:.2f} s"),
            *(f"{processor:.2f}", name, f"{wanted:g}" if wanted else ""),
        )
    screen.print(table)


def show_files(found: Files, screen: Console) -> None:
    """Print what the fingerprint of many files takes, beside reading them."""
    table = Table(title="files: 1 GB in 10,000 files")
    for heading in ("", "wall", "speed of reading", "wanted at least"):
        table.add_column(heading, justify="left" if not heading else "right")
    for side, seconds in found.seconds.items():
        wanted = "0.5" if "fingerprint" in side else ""
        table.add_row(side, f"{seconds:.2f} s", f"{found.speed(side):.2f}", wanted)
    screen.print(table)


def show(result: Result, screen: Console) -> None:
    """Print one sample's figures."""
    table = Table(title=f"{result.name}: {result.unzipped / 1e6:.0f} MB unzipped")
    for heading in ("", "cache", "wall", "x ours", "processor", "x ours", "kernel", "peak memory"):
        table.add_column(heading, justify="left" if heading in ("", "cache") else "right")
    for cache in ("warm", "cold"):
        ours = result.times["ours", cache]
        for side, label in SIDES:
            usage = result.times[side, cache]
            table.add_row(
                *(label, cache, f"{usage.wall:.2f} s", f"{usage.wall / ours.wall:.1f}"),
                *(f"{usage.cpu:.2f} s", f"{usage.cpu / ours.cpu:.1f}", f"{usage.kernel:.2f} s"),
                f"{usage.peak / 1e6:.0f} MB",
            )
    screen.print(table)
    steps = ", ".join(f"{name} {seconds:.2f}" for name, seconds in result.steps.items())
    screen.print(f"our steps, warm, in seconds (import beside pack): {steps}", highlight=False)
    cold, warm = result.resolve["cold"], result.resolve["warm"]
    screen.print(
        f"not counted: resolving {warm:.2f} s warm, {cold:.2f} s cold; tools phase "
        f"{result.tools.wall:.2f} s",
        highlight=False,
    )
    for name, size in result.sizes.items():
        share = size / result.sizes["ours"]
        screen.print(f"zip: {size / 1e6:8.2f} MB  x {share:.3f}  {name}", highlight=False)
    peak = max(result.times["ours", cache].peak for cache in ("warm", "cold"))
    verdict = "below" if peak < MEMORY_LIMIT else "ABOVE"
    screen.print(f"our peak memory is {verdict} 512 MB", highlight=False)
    screen.print(f"{result.conditions.said()}\n", highlight=False)


if __name__ == "__main__":
    main()
