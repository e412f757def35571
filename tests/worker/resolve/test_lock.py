from pathlib import Path

from builder.worker.resolve.lock import parse

RESOLVED = """\
--index-url https://user:secret@example.invalid/simple

-e ./lib
Typing.Extensions==4.16.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via something
../other
tool @ https://user:secret@example.invalid/tool-1.0-py3-none-any.whl \\
    --hash=sha256:cc
"""


def test_pins_folders_and_options_are_distinguished() -> None:
    locked = parse(RESOLVED)

    assert [(pin.name, pin.version, pin.hashed) for pin in locked.pins] == [
        ("typing-extensions", "4.16.0", True),
        ("tool", "", True),
    ]
    assert locked.folders == ("./lib", "../other")
    assert locked.options == ("--index-url https://user:secret@example.invalid/simple",)


def test_the_lock_for_the_release_has_no_credentials_paths_or_options() -> None:
    text = parse(RESOLVED).text(["layer a"])

    assert text.startswith("# layer a\nTyping.Extensions==4.16.0 \\\n    --hash=sha256:aa \\\n")
    assert "secret" not in text
    assert "--index-url" not in text
    assert "../other" not in text


def test_a_url_of_a_folder_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my lib"
    folder.mkdir()

    locked = parse(f"lib @ file://{str(folder).replace(' ', '%20')}\n")

    assert locked.folders == (str(folder),)
