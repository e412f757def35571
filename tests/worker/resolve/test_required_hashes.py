from pathlib import Path

from builder.worker.resolve import required_hashes as hashes
from builder.worker.resolve.lock import Lock, Pin

FOUND = Lock(
    (
        Pin("one", "1.0", "one==1.0 ; marker \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb"),
        Pin("two", "2.0", "two==2.0 \\\n    --hash=sha256:cc"),
    )
)


def kept(folder: Path, **files: str) -> list[tuple[str, ...]]:
    for name, text in files.items():
        path = folder / f"{name}.txt"
        path.write_text(text)
    lock = hashes.keep_to(hashes.read([folder / "main.txt"]), FOUND)
    return [pin.hashes for pin in lock.pins]


def test_hashes_of_the_users_file_take_the_place_of_the_indexs(tmp_path: Path) -> None:
    assert kept(tmp_path, main="One[extra]==1.0 \\\n --hash=sha256:aa  # why\n") == [
        ("sha256:aa",),
        ("sha256:cc",),
    ]


def test_files_that_the_file_names_count_too(tmp_path: Path) -> None:
    assert kept(
        tmp_path,
        main="-r more.txt\n-c limits.txt\n",
        more="-rmain.txt\none==1.0 --hash sha256:ee\n",
        limits="two==2.0 --hash=sha256:ff\n",
    ) == [("sha256:ee",), ("sha256:ff",)]


def test_several_lines_of_one_version_allow_the_hashes_of_all(tmp_path: Path) -> None:
    text = "one==1.0 ; a --hash=sha256:aa\none==1.0 ; b --hash=sha256:bb\n"

    assert kept(tmp_path, main=text)[0] == ("sha256:aa", "sha256:bb")


def test_other_versions_and_lines_without_hashes_change_nothing(tmp_path: Path) -> None:
    text = "one==0.9 --hash=sha256:dd\ntwo==2.0\n# one==1.0 --hash=sha256:dd\n"

    assert kept(tmp_path, main=text) == [pin.hashes for pin in FOUND.pins]


def test_the_marker_of_a_pin_stays(tmp_path: Path) -> None:
    (tmp_path / "main.txt").write_text("one==1.0 --hash=sha256:aa\n")

    lock = hashes.keep_to(hashes.read([tmp_path / "main.txt"]), FOUND)

    assert lock.pins[0].line.startswith("one==1.0 ; marker")
