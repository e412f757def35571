"""System packages with a dnf of our own, and scripts with the real bash."""

import os
import shlex
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker.errors import BuildError
from builder.worker.install import system_packages as system
from builder.worker.log import Log
from builder.worker.request import Request, Target

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle

Programs = Callable[[str, str], Path]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Return a function that writes a program onto a PATH that has nothing else but a shell."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("bash", "sh", "cat", "cp", "id", "mkdir", "printf", "env"):
        found = next(p for p in ("/bin", "/usr/bin") if (Path(p) / name).exists())
        (folder / name).symlink_to(Path(found) / name)
    monkeypatch.setenv("PATH", str(folder))

    def write(name: str, script: str) -> Path:
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return program

    return write


def request(
    here: Target, *packages: str, pre_install: str | None = None, indexes: tuple[()] = ()
) -> Request:
    return Request(
        "sample",
        "0" * 64,
        (here,),
        dependencies=("six",),
        system_packages=packages,
        pre_install=pre_install,
    )


@pytest.fixture
def prepare(tmp_path: Path) -> Callable[[Request], Path]:
    """Return a function that prepares a bundle; it returns the folder of what is extra."""

    def run(wanted: Request) -> Path:
        (tmp_path / "project").mkdir(exist_ok=True)
        system.prepare(wanted, tmp_path, tmp_path / "extra", Log())
        return tmp_path / "extra"

    return run


def script(tmp_path: Path, text: str, name: str = "setup.sh") -> str:
    path = tmp_path / "project" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name


def test_packages_are_installed_in_one_go_and_the_log_shows_what_dnf_says(
    tmp_path: Path,
    here: Target,
    programs: Programs,
    prepare: Callable[[Request], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    programs("dnf", f'printf "%s\\n" "$@" > {shlex.quote(str(tmp_path))}/asked; echo Complete!')

    prepare(request(here, "libxml2-devel", "gcc-c++", "openssl-1:3.0.8-1.amzn2023.0.3.x86_64"))

    assert (tmp_path / "asked").read_text().split() == [
        *("install", "-y", "libxml2-devel", "gcc-c++", "openssl-1:3.0.8-1.amzn2023.0.3.x86_64")
    ]
    said = capsys.readouterr().out
    assert "installing 3 system packages with dnf" in said
    assert "| Complete!" in said


def test_amazon_linux_2_has_yum(
    here: Target,
    programs: Programs,
    prepare: Callable[[Request], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    programs("yum", "echo Complete!")

    prepare(request(here, "libxml2-devel"))

    assert "installing 1 system package with yum" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    [
        *("-y", "--installroot=/", "a b", "a;rm", "$(id)", "`id`", "@development", "/usr/bin/gcc"),
        *("https://a.example/x.rpm", "lib*", "", "a\nb", "é", "{a,b}", "a'b", 'a"b', "../x"),
    ],
)
def test_a_name_that_is_no_packages_never_gets_to_dnf(
    name: str,
    tmp_path: Path,
    here: Target,
    programs: Programs,
    prepare: Callable[[Request], Path],
) -> None:
    programs("dnf", f"echo > {shlex.quote(str(tmp_path))}/ran")

    with pytest.raises(BuildError, match="cannot name a package"):
        prepare(request(here, "gcc", name))

    assert not (tmp_path / "ran").exists()


def test_without_dnf_and_yum_it_is_said_once_and_clearly(
    here: Target, programs: Programs, prepare: Callable[[Request], Path]
) -> None:
    with pytest.raises(BuildError, match="there is neither dnf nor yum") as caught:
        prepare(request(here, "libxml2-devel"))

    assert "libxml2-devel" in caught.value.where
    assert "Amazon Linux" in caught.value.expected


@pytest.mark.parametrize(
    ("program", "output", "status"),
    [
        ("dnf", "No match for argument: no-such-devel\nError: Unable to find a match", 1),
        ("dnf", "Error: Unable to find a match: no-such-devel", 1),
        ("yum", "No package no-such-devel available.\nError: Nothing to do", 1),
        ("yum", "No package no-such-devel available.\nComplete!", 0),
    ],
)
def test_a_package_that_there_is_not_is_named(
    program: str,
    output: str,
    status: int,
    here: Target,
    programs: Programs,
    prepare: Callable[[Request], Path],
) -> None:
    programs(program, f"echo {shlex.quote(output)}; exit {status}")

    with pytest.raises(BuildError) as caught:
        prepare(request(here, "gcc", "no-such-devel"))

    assert caught.value.what == "Amazon Linux has no package no-such-devel"
    assert output.splitlines()[0] in caught.value.where


def test_another_failure_of_dnf_shows_its_last_words(
    here: Target, programs: Programs, prepare: Callable[[Request], Path]
) -> None:
    programs("dnf", "echo 'Error: This command has to be run with superuser privileges'; exit 1")

    with pytest.raises(BuildError, match="dnf ended with status 1") as caught:
        prepare(request(here, "gcc"))

    assert "superuser" in caught.value.where
    assert "as root" in caught.value.fix


def test_a_mirror_that_fails_for_a_moment_is_asked_again(
    tmp_path: Path,
    here: Target,
    programs: Programs,
    prepare: Callable[[Request], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("builder.worker.process.FIRST_PAUSE", 0.01)
    flag = shlex.quote(str(tmp_path / "flag"))
    programs("dnf", f"[ -e {flag} ] && exit 0; echo > {flag}; echo 'Curl error: timed out'; exit 1")

    prepare(request(here, "gcc"))

    assert (tmp_path / "flag").exists()


def test_the_script_runs_in_the_project_and_knows_where_to_put_things(
    tmp_path: Path,
    here: Target,
    prepare: Callable[[Request], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = script(
        tmp_path,
        '# no shebang, no exec bit\necho lib > "$LAYER_LIB/libx.so"; echo bin > $LAYER_BIN/x\n'
        "cat data.txt; echo for $LAYER_PYTHON in $PWD\n",
    )
    script(tmp_path, "from the project\n", "data.txt")

    extra = prepare(request(here, pre_install=name))

    assert (extra / "lib" / "libx.so").read_text() == "lib\n"
    assert (extra / "bin" / "x").read_text() == "bin\n"
    said = capsys.readouterr().out
    assert "| from the project" in said
    assert f"| for {here.python} in {tmp_path}/project" in said


def test_packages_are_there_before_the_script_runs(
    tmp_path: Path, here: Target, programs: Programs, prepare: Callable[[Request], Path]
) -> None:
    programs("dnf", f"echo > {shlex.quote(str(tmp_path))}/installed")
    name = script(tmp_path, f"cat {shlex.quote(str(tmp_path))}/installed\n")

    prepare(request(here, "gcc", pre_install=name))


@pytest.mark.parametrize(
    "name", ["a b.sh", "-x.sh", "$(touch hacked).sh", "ünï.sh", "it's.sh", 'say "hi".sh', "a\\b.sh"]
)
def test_a_script_may_have_any_name(
    name: str, tmp_path: Path, here: Target, prepare: Callable[[Request], Path]
) -> None:
    script(tmp_path, "echo done > $LAYER_BIN/done\n", name)

    extra = prepare(request(here, pre_install=name))

    assert (extra / "bin" / "done").exists()
    assert not (tmp_path / "project" / "hacked").exists()


@pytest.mark.parametrize(
    ("text", "line", "command"),
    [
        ("true\n\nfalse\ntrue\n", "3", "false"),
        ("true\nfalse | cat\n", "2", "false | cat"),
        ("f() {\n  false\n}\nf\n", "2", "false"),
        ("cat 'not there at all'\n", "1", "cat 'not there at all'"),
    ],
)
def test_the_line_and_the_command_that_failed_are_reported(
    text: str, line: str, command: str, tmp_path: Path, here: Target, prepare: Callable[..., Path]
) -> None:
    name = script(tmp_path, text)

    with pytest.raises(BuildError) as caught:
        prepare(request(here, pre_install=name))

    assert caught.value.what == f"setup.sh failed in line {line}"
    assert caught.value.where.startswith(f"setup.sh: {command}\nended with status 1")


def test_a_script_that_is_no_bash_is_refused_with_what_bash_says(
    tmp_path: Path, here: Target, prepare: Callable[[Request], Path]
) -> None:
    name = script(tmp_path, "if true\necho then\n")

    with pytest.raises(BuildError, match=r"setup\.sh failed") as caught:
        prepare(request(here, pre_install=name))

    assert "syntax error" in caught.value.where


def test_a_script_may_end_itself(
    tmp_path: Path, here: Target, prepare: Callable[[Request], Path]
) -> None:
    with pytest.raises(BuildError, match="failed with status 7"):
        prepare(request(here, pre_install=script(tmp_path, "echo giving up\nexit 7\n")))


def test_passwords_of_indexes_are_for_uv_alone(
    tmp_path: Path,
    here: Target,
    prepare: Callable[[Request], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("UV_INDEX_LAYER_1_PASSWORD", "hush-hush")

    prepare(request(here, pre_install=script(tmp_path, "env\n")))

    said = capsys.readouterr().out
    assert f"PATH={os.environ['PATH']}" in said
    assert "hush-hush" not in said


def test_a_build_prepares_its_machine_first(make_bundle: "MakeBundle") -> None:
    bundle = make_bundle(
        {"setup.sh": "echo 'prepared = True' > made_by_script.py\ntrue\nfalse\n"},
        dependencies=["six"],
        pre_install="setup.sh",
    )

    result = bundle.run()

    assert result.status == 1
    assert "ERROR: setup.sh failed in line 3" in result.errors
    assert (bundle.path / "project" / "made_by_script.py").exists()
    assert "resolving" not in result.output
