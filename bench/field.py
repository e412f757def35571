"""The field check: real requirement sets through the worker, then used as a function uses them.

Each layer is built for one runtime, unzipped, and what its requirements bring is imported by that
runtime's interpreter, once with the folder on the path alone and once with ``site.addsitedir`` as
Lambda's bootstrap runs it. A refusal is a result, too: it is printed, to be read.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench.ours import ARCHITECTURE
from builder.inputs.bundle import bundle
from builder.spec.layer_spec import LayerSpec

LONGEST = 900.0
"""Seconds that one build, or one import of a whole layer, may take."""

SETS: Mapping[str, tuple[str, ...]] = {
    "web": ("flask", "requests", "jinja2"),
    "api": ("fastapi", "mangum", "pydantic"),
    "django": ("django", "djangorestframework", "psycopg2-binary"),
    "powertools": ("aws-lambda-powertools", "aws-xray-sdk"),
    "sql": ("sqlalchemy", "pymysql", "psycopg[binary]"),
    "frames": ("pandas",),
    "polars": ("polars",),
    "images": ("pillow", "qrcode"),
    "crypto": ("cryptography", "pyjwt", "paramiko"),
    "scrape": ("beautifulsoup4", "lxml", "html5lib"),
    "http": ("aiohttp", "httpx[http2]"),
    "grpc": ("grpcio", "protobuf", "googleapis-common-protos"),
    "google": ("google-cloud-storage",),
    "azure": ("azure-storage-blob", "azure-identity"),
    "office": ("openpyxl", "python-docx", "xlsxwriter"),
    "pdf": ("pypdf", "reportlab", "pdfplumber"),
    "json": ("orjson", "ujson", "jsonschema", "msgpack"),
    "yaml": ("pyyaml", "ruamel.yaml", "tomlkit"),
    "time": ("pendulum", "python-dateutil", "pytz", "arrow"),
    "nlp": ("nltk", "rapidfuzz"),
    "slack": ("slack-sdk", "slack-bolt"),
    "stripe": ("stripe", "twilio"),
    "redis": ("redis[hiredis]", "pymongo"),
    "kafka": ("confluent-kafka",),
    "search": ("opensearch-py", "elasticsearch"),
    "sentry": ("sentry-sdk", "structlog"),
    "otel": ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"),
    "geo": ("shapely", "pyproj"),
    "ldap3": ("ldap3", "dnspython"),
    "zope": ("zope.interface", "zope.event"),
    "namespace": ("ruamel.yaml", "jaraco.text", "jaraco.functools"),
    "pth": ("setuptools", "protobuf"),
    "sdist": ("docopt", "peewee"),
    "scientific": ("numpy", "networkx"),
    "markdown": ("markdown", "pygments", "mistune"),
    "numba": ("numba",),
    "zstd": ("zstandard", "brotli", "lz4"),
    "magic": ("python-magic",),
    "sklearn": ("sklearn",),
    "shadow": ("dataclasses",),
    "windows": ("pywin32",),
    "typo": ("reqeusts-toolbelt-not-there",),
}
"""Name of a set to its requirements; the last of them are there to be refused."""

USE = """
import importlib, importlib.metadata, json, re, site, sys
root, how, names = sys.argv[1], sys.argv[2], sys.argv[3:]
sys.path.insert(0, root)
if how == "site":
    site.addsitedir(root)
failed = {}
def plain(name):
    return re.sub("[-_.]+", "-", name).lower()
there = {plain(d.metadata["Name"]): d for d in importlib.metadata.distributions(path=[root])}
for name in names:
    files = {str(file) for file in there[plain(name)].files or ()}
    firsts = {file.split("/")[0] for file in files if file.endswith(".py")}
    tops = {first[:-3] if first.endswith(".py") else first for first in firsts}
    for top in sorted(tops):
        found = {top + ".py", top + "/__init__.py"} & files
        if not found or top.startswith("_") or not top.isidentifier():
            continue
        try:
            importlib.import_module(top)
        except BaseException as error:
            failed[top] = f"{type(error).__name__}: {error}"
print(json.dumps(failed))
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one set for one runtime; ``verdict`` is "works", "refused" or "BROKEN"."""

    name: str
    python: str
    verdict: str
    detail: str
    size: int = 0


def interpreters(wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield versions with the interpreters that are on this machine, in the order of the names."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in wanted:
        found = sorted(pyenv.glob(f"{version}.*/bin/python{version}"))
        path = str(found[-1]) if found else shutil.which(f"python{version}")
        if path:
            yield version, path


def check(name: str, requirements: Sequence[str], python: str, interpreter: str) -> Outcome:
    """Build one set for one runtime and use it."""
    with tempfile.TemporaryDirectory(prefix="field-") as place:
        folder = Path(place)
        spec = LayerSpec(
            name="field",
            python=(python,),
            architecture=ARCHITECTURE,
            dependencies=tuple(requirements),
        )
        with zipfile.ZipFile(io.BytesIO(bundle(spec, folder, (), "0" * 64))) as archive:
            archive.extractall(folder)
        for phase in ("tools", "build"):
            done = _run([interpreter, "worker.pyz", phase], folder)
            if done.returncode:
                what = "refused" if "Traceback" not in done.stderr else "BROKEN"
                return Outcome(name, python, what, _error(done.stderr))
        notes = [line for line in done.stdout.splitlines() if " NOTE" in line]
        with zipfile.ZipFile(folder / "out" / "layer.zip") as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            archive.extractall(folder / "opt")
        names = [requirement.partition("[")[0] for requirement in requirements]
        for how in ("path", "site"):
            root = folder / "opt" / "python"
            used = _run([interpreter, "-I", "-S", "-c", USE, str(root), how, *names], folder)
            failed = json.loads(used.stdout) if not used.returncode else {"?": used.stderr[-300:]}
            # What the build has said does not import is no surprise.
            failed = {m: e for m, e in failed.items() if not any(f" {m} does" in n for n in notes)}
            if failed:
                return Outcome(name, python, "BROKEN", f"{how}: {failed}", size)
        return Outcome(name, python, "works", "\n".join(notes), size)


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=LONGEST
    )


def _error(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    first = next((i for i, line in enumerate(lines) if "ERROR" in line), max(len(lines) - 12, 0))
    return "\n".join(lines[first : first + 14])


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(tuple(SETS)))
@click.option("--python", "versions", multiple=True, help="Runtimes; all that are here by default.")
@click.option("--each", default=1, show_default=True, help="Runtimes per set, in turns.")
def main(names: tuple[str, ...], versions: tuple[str, ...], each: int) -> None:
    """Take real requirement sets through the worker, and use what it makes."""
    screen = Console(width=150)
    here = list(interpreters(versions or ("3.9", "3.10", "3.11", "3.12", "3.13")))
    table = Table(title="field check")
    for heading in ("set", "python", "verdict", "unzipped"):
        table.add_column(heading)
    broken = 0
    for index, name in enumerate(names or tuple(SETS)):
        for turn in range(min(each, len(here))):
            python, interpreter = here[(index + turn) % len(here)]
            outcome = check(name, SETS[name], python, interpreter)
            broken += outcome.verdict == "BROKEN"
            size = f"{outcome.size / 1e6:.1f} MB" if outcome.size else ""
            table.add_row(name, python, outcome.verdict, size)
            screen.print(f"{name} {python}: {outcome.verdict} {size}", markup=False)
            if outcome.detail:
                screen.print(outcome.detail, markup=False, highlight=False)
    screen.print(table)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
