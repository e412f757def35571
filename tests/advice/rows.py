"""What a row of the table is: how an error is met, and how its advice is followed."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from builder.aws.session import Credentials, Session
from builder.inputs.source_files import source_files
from builder.spec.layers_toml import load_config
from tests.builder.conftest import write_tree


@dataclass(frozen=True)
class Followed:
    """An error that can be met here, and is gone once its advice is followed.

    ``meet`` raises it in a new folder, ``follow`` does there what the fix says, which has the words
    ``advice``; then ``meet`` must raise nothing.
    """

    meet: Callable[[Path], object]
    follow: Callable[[Path], object]
    advice: str


@dataclass(frozen=True)
class Elsewhere:
    """An error whose advice is not followed by this table: ``why`` says the reason."""

    why: str


Row = Followed | Elsewhere


@dataclass(frozen=True)
class Table:
    """A layers.toml that is right but for what a row makes of it."""

    app: dict[str, str] = field(default_factory=dict)
    layer: dict[str, str] = field(default_factory=dict)
    index: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return it; a value "" leaves the key out."""
        app = {"name": '"billing"', **self.app}
        layer = {
            "dependencies": '["rich"]', "python": '["3.13"]', "architecture": '"arm64"',
            **self.layer,
        }  # fmt: skip
        tables = [("app", app), ("layers.web", layer)]
        if self.index:
            tables.append(("indexes.house", {"url": '"https://packages.example"', **self.index}))
        return "\n".join(
            f"[{name}]\n" + "\n".join(f"{key} = {value}" for key, value in keys.items() if value)
            for name, keys in tables
        )


def toml(before: str, after: str, advice: str, files: dict[str, str] | None = None) -> Followed:
    """Return a row of a layers.toml whose text is corrected; ``files`` stand beside it."""

    def meet(folder: Path) -> object:
        path = folder / "layers.toml"
        if not path.exists():
            write_tree(folder, {**(files or {}), "layers.toml": before})
        return load_config(path)

    return Followed(meet, lambda folder: write_tree(folder, {"layers.toml": after}), advice)


def layer(key: str, wrong: str, right: str, advice: str = "", **others: str) -> Followed:
    """Return a row of a key of a layer; ``others`` are keys beside it."""
    return toml(
        Table(layer={**others, key: wrong}).text(),
        Table(layer={**others, key: right}).text(),
        advice or f"change {key} in",
    )


def app(key: str, wrong: str, right: str, advice: str = "") -> Followed:
    """Return a row of a key of the application."""
    before, after = Table(app={key: wrong}), Table(app={key: right})
    return toml(before.text(), after.text(), advice or f"change {key} in")


def index(key: str, wrong: str, right: str, advice: str = "", **others: str) -> Followed:
    """Return a row of a key of an index; ``others`` are keys beside it, taken out by ""."""
    before, after = Table(index={**others, key: wrong}), Table(index={**others, key: right})
    return toml(before.text(), after.text(), advice or f"change {key} in")


def sources(
    before: dict[str, str | bytes],
    after: dict[str, str | bytes],
    advice: str,
    *,
    keys: dict[str, str] | None = None,
    corrected: dict[str, str] | None = None,
    gone: str = "",
) -> Followed:
    """Return a row of files of a layer.

    ``keys`` are those of the layer at first, ``corrected`` what the advice makes of them; the file
    ``gone`` is removed.
    """
    first = Table(layer=keys or {})

    def meet(folder: Path) -> object:
        if not (folder / "layers.toml").exists():
            _write(folder, {**before, "layers.toml": first.text()})
        (spec,) = load_config(folder / "layers.toml").layers
        return source_files(spec, folder)

    def follow(folder: Path) -> None:
        if gone:
            (folder / gone).unlink()
        _write(folder, after)
        if corrected is not None:
            changed = Table(layer={**(keys or {}), **corrected})
            (folder / "layers.toml").write_text(changed.text())

    return Followed(meet, follow, advice)


def session(before: dict[str, str], after: dict[str, str], advice: str) -> Followed:
    """Return a row of what the environment says to AWS' clients; HOME is the new folder."""

    def meet(folder: Path) -> object:
        done = (folder / "followed").exists()
        kept = {name: value for name, value in os.environ.items() if "AWS" not in name}
        given = {
            "AWS_CONFIG_FILE": str(folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
            **(after if done else before),
        }
        with patch.dict(os.environ, {**kept, **given}, clear=True):
            return Session(Credentials(os.environ.get("AWS_PROFILE", ""))).partition

    def follow(folder: Path) -> None:
        write_tree(folder, {"followed": "", "config": "[profile work]\nregion = eu-west-1\n"})

    return Followed(meet, follow, advice)


def _write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
