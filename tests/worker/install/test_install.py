import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker.errors import BuildError
from builder.worker.install import install
from builder.worker.install.install import batches, older_version
from builder.worker.log import Log
from builder.worker.process import Outcome
from builder.worker.request import Target
from builder.worker.resolve.build_lock import BuildLock
from builder.worker.resolve.lock import Lock, Pin
from builder.worker.resolve.uv import Uv
from tests.worker.conftest import UV

if TYPE_CHECKING:
    from tests.worker.conftest import MakeWheel


def pins(count: int, *, hashed: bool = True) -> list[Pin]:
    line = "a==1 --hash=sha256:aa" if hashed else "a @ git+x"
    return [Pin(f"a{number}", "1", line) for number in range(count)]


def test_a_lock_is_installed_in_batches() -> None:
    assert [len(batch) for batch in batches(pins(250), 100)] == [100, 100, 50]


def test_what_has_no_hashes_is_installed_apart_so_that_the_rest_is_checked() -> None:
    made = batches([*pins(1, hashed=False), *pins(2)], 100)

    assert [[pin.hashed for pin in batch] for batch in made] == [[True, True], [False]]


def test_the_advice_names_the_version_that_has_a_wheel() -> None:
    locked = Lock((), older=(("my-numpy", "2.2.6"),))

    assert "my-numpy 2.2.6 has a wheel" in older_version(
        Outcome(("uv",), 1, "Failed to build `My_numpy==2.4`"), locked
    )
    assert older_version(Outcome(("uv",), 1, "Failed to build `other==1`"), locked) == ""


def test_a_pin_that_was_just_resolved_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_wheel: "MakeWheel", here: Target
) -> None:
    monkeypatch.setattr(install, "PAUSES", (0.0, 0.0))
    wheels, work, links = tmp_path / "wheels", tmp_path / "work", tmp_path / "links"
    make_wheel(wheels, "late")
    links.mkdir()
    work.mkdir()
    # A uv whose index gets the wheel after the first question.
    program = tmp_path / "uv"
    program.write_text(f'#!/bin/sh\n"{UV}" "$@"; s=$?\ncp "{wheels}"/*.whl "{links}/"\nexit $s\n')
    program.chmod(0o755)
    locked = Lock((Pin("late", "1.0", "late==1.0"),), (), ("--no-index", f"--find-links {links}"))
    uv = Uv(
        program, tmp_path, sys.executable, Log(), tmp_path / "cache", BuildLock(tmp_path / "l.txt")
    )

    install.install(uv, locked, [], here, tmp_path / "into", work, Log())

    assert (tmp_path / "into" / "late" / "__init__.py").exists()


def built_tree(folder: Path, name: str, files: dict[str, str]) -> Path:
    """Write what a build would have installed of a distribution."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    for path, text in files.items():
        (folder / path).write_text(text)
    rows = [f"{path},,\n" for path in (*files, f"{info.name}/METADATA", f"{info.name}/RECORD")]
    (info / "RECORD").write_text("".join(rows))
    return folder


PIN = Pin("evil", "1.0", "evil==1.0")


def test_what_a_build_made_is_copied_and_replaces_nothing(tmp_path: Path) -> None:
    tree = built_tree(tmp_path / "built", "evil", {"evil.py": "evil", "idna.py": "poisoned"})
    into = tmp_path / "into"
    into.mkdir()
    (into / "idna.py").write_text("as it was")

    install._adopt(tree, into, PIN, Log())

    assert (into / "idna.py").read_text() == "as it was"
    assert (into / "evil.py").read_text() == "evil"


def test_what_a_build_put_beside_its_package_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = built_tree(tmp_path / "built", "evil", {"evil.py": ""})
    (tree / "sitecustomize.py").write_text("")

    install._adopt(tree, tmp_path / "into", PIN, Log())

    assert not (tmp_path / "into" / "sitecustomize.py").exists()
    assert "1 file that the build of evil has put beside its package: sitecustomize.py" in (
        capsys.readouterr().out
    )


def test_a_build_that_made_something_else_is_refused(tmp_path: Path) -> None:
    other = built_tree(tmp_path / "other", "idna", {"idna.py": ""})
    two = built_tree(built_tree(tmp_path / "two", "evil", {}), "idna", {})
    newer = Pin("evil", "2.0", "evil==2.0")
    own = built_tree(tmp_path / "own", "evil", {})

    for tree, pin in ((other, PIN), (two, PIN), (own, newer)):
        with pytest.raises(BuildError, match="the build of evil made something else"):
            install._adopt(tree, tmp_path / "into", pin, Log())


def test_a_link_out_of_what_a_build_made_is_refused(tmp_path: Path) -> None:
    tree = built_tree(tmp_path / "built", "evil", {})
    (tmp_path / "secret").write_text("secret")
    (tree / "evil.py").symlink_to(tmp_path / "secret")

    with pytest.raises(BuildError, match=r"the build of evil: .* it is a link to"):
        install._adopt(tree, tmp_path / "into", PIN, Log())
