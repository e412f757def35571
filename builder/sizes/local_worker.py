"""The worker's own steps on this machine: a layer's bundle unpacked, and uv ready to resolve."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from builder.errors import LayerError
from builder.inputs.bundle import bundle
from builder.inputs.source_files import source_files
from builder.room import working_folder
from builder.sizes.cache import folder_or, pinned_uv
from builder.sizes.wheels_only import WheelsOnly, list_package
from builder.spec.layer_spec import LayerSpec
from builder.worker import indexes, request
from builder.worker.errors import BuildError
from builder.worker.log import Log, without_credentials
from builder.worker.request import Request, Target
from builder.worker.resolve.uv import Uv
from builder.worker.target import Resolved
from builder.worker.target import resolve as resolve_target

NO_FINGERPRINT = "0" * 64
"""In place of a fingerprint: nothing of what is made here can become a release."""


@dataclass(frozen=True)
class Opened:
    """A layer's unpacked bundle on this machine."""

    path: Path
    wanted: Request
    log: Log
    uv: type[Uv] = Uv

    def resolve(self, target: Target) -> Resolved:
        """Resolve for one target as the worker does; raise BuildError when it cannot.

        What has no wheel is taken to be compiled: the build's image is that of the target.
        """
        place = self.path.parent
        cache = folder_or("uv", place / "cache")
        uv = pinned_uv(self.log)
        return resolve_target(
            self.wanted,
            target,
            uv,
            self.path,
            place,
            self.log,
            native=True,
            cache=cache,
            kind=self.uv,
        )


@contextmanager
def opened(
    spec: LayerSpec, root: Path, write: Callable[[str], object], *, builds: bool = True
) -> Iterator[Opened]:
    """Unpack a layer's bundle in a folder that is removed afterwards; log in to its indexes.

    ``write`` gets the lines of the worker's log. Without ``builds`` no code of packages runs: what
    cannot be known then is refused. Raise LayerError for what the worker refuses.
    """
    files = source_files(spec, root)
    log = Log(_Lines(write))
    before = dict(os.environ)
    with working_folder() as made, as_layer_errors(spec.name):
        path = made.resolve() / "bundle"
        unpack(bundle(spec, root, files, NO_FINGERPRINT), path)
        (path / "out").mkdir()
        wanted = request.read(path / "request.json")
        if not builds:
            list_package(path, wanted)
        try:
            indexes.log_in(wanted.indexes, os.environ, log)
            yield Opened(path, wanted, log, Uv if builds else WheelsOnly)
        finally:
            if wanted.indexes:
                os.environ.clear()
                os.environ.update(before)


def unpack(content: bytes, path: Path) -> None:
    """Unpack a bundle of ours, with the modes that it has."""
    path.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            made = Path(archive.extract(info, path))
            mode = info.external_attr >> 16
            if mode & 0o111 and made.is_file():
                made.chmod(made.stat().st_mode | 0o111)


@contextmanager
def as_layer_errors(name: str) -> Iterator[None]:
    """Turn what the worker refuses into an error of this program."""
    try:
        yield
    except BuildError as error:
        raise LayerError(
            without_credentials(error.what),
            where=without_credentials(f"layer {name!r}: {error.where}"),
            expected=without_credentials(error.expected),
            fix=without_credentials(error.fix),
        ) from error


class _Lines(io.StringIO):
    """A stream that hands over each line of a log."""

    def __init__(self, write: Callable[[str], object]) -> None:
        super().__init__()
        self._hand = write

    def write(self, text: str) -> int:
        for line in text.splitlines():
            if line.strip():
                self._hand(line.rstrip())
        return len(text)
