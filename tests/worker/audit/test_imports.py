import json
import sys
import tracemalloc
from pathlib import Path

import pytest

from builder.worker import interpreters
from builder.worker.audit import imports
from builder.worker.audit.imports import Failure, Report

SOURCES = {
    "good": "import json",
    "lacking": "import not_there_at_all",
    "leaving": "raise SystemExit('usage: leaving FILE')",
    "crashing": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "wanting": "import os; TABLE = os.environ['TABLE_NAME']",
    "noisy": "import sys; print('x' * 1_000_000); print('y' * 1_000_000, file=sys.stderr)",
    "threading_on": "import threading\nthreading.Thread(target=threading.Event().wait).start()",
    "broken": "def f(:",
    "awsome": "import boto3",
    "wrong": "1 / 0",
}


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    for name, source in SOURCES.items():
        (tmp_path / f"{name}.py").write_text(source)
    return tmp_path


def failures(report: Report) -> dict[str, Failure]:
    return {failure.module: failure for failure in report.failures}


def test_every_module_is_tried_whatever_the_others_do(layer: Path) -> None:
    report = imports.check(interpreters.running(), layer, list(SOURCES))

    assert report.imported == ["good", "noisy", "threading_on"]
    found = failures(report)
    assert set(found) == set(SOURCES) - set(report.imported)
    assert found["lacking"].missing == "not_there_at_all"
    assert "signal 11" in found["crashing"].message
    assert "SyntaxError" in found["broken"].message
    assert found["wrong"].place.endswith("wrong.py:1")
    assert not (layer / "__pycache__").exists()


@pytest.mark.slow
def test_an_import_that_never_ends_is_stopped(layer: Path) -> None:
    (layer / "endless.py").write_text("while True: pass")

    report = imports.check(interpreters.running(), layer, ["endless", "good"], seconds=2)

    assert "more than 2 seconds" in failures(report)["endless"].message
    assert report.imported == ["good"]


@pytest.mark.slow
def test_a_module_that_writes_without_end_is_stopped_and_takes_no_memory(
    layer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "LAST_WORDS", 1000)
    (layer / "loud.py").write_text("import os\nwhile True: os.write(2, b'x' * 65536)")
    tracemalloc.start()
    try:
        report = imports.check(interpreters.running(), layer, ["loud", "good"], seconds=2)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert "more than 2 seconds" in failures(report)["loud"].message
    assert report.imported == ["good"]
    assert most < 5_000_000


def test_only_the_standard_library_and_the_layer_can_be_imported(layer: Path) -> None:
    (layer / "sneaky.py").write_text("import pytest")

    report = imports.check(interpreters.running(), layer, ["sneaky"])

    assert failures(report)["sneaky"].missing == "pytest"


def test_what_reports_the_surroundings_is_a_note_and_what_is_broken_a_refusal(layer: Path) -> None:
    report = imports.check(interpreters.running(), layer, list(SOURCES))

    refusals, notes = imports.judge(report, {name: (name,) for name in SOURCES}, own=set())

    assert [f.module for f in refusals] == ["lacking", "crashing", "broken", "wrong"]
    assert [note.split()[0] for note in notes] == ["leaving", "wanting", "awsome"]


def test_a_second_module_of_a_dependency_may_fail_but_not_one_of_the_project() -> None:
    report = Report(imported=["main"], failures=[Failure("extra", "ImportError: no uwsgi")])
    modules = {"pkg": ("main", "extra")}

    refused_for_own, _ = imports.judge(report, modules, own={"pkg"})
    refused, notes = imports.judge(report, modules, own=set())

    assert [f.module for f in refused_for_own] == ["extra"]
    assert refused == []
    assert notes == [
        "extra does not import here (other modules of pkg import): ImportError: no uwsgi"
    ]


def test_a_module_on_the_list_may_fail() -> None:
    report = Report(failures=[Failure("gpu", "OSError: libcuda.so.1")])

    assert imports.judge(report, {"gpu": ("gpu",)}, set(), may_fail=["gpu"])[0] == []


def test_the_interpreter_starts_with_the_pth_files_as_lambda_does(tmp_path: Path) -> None:
    version = "{}.{}".format(*sys.version_info)
    versioned = tmp_path / "lib" / f"python{version}" / "site-packages"
    for folder, said in ((versioned, "versioned"), (tmp_path, "plain")):
        (folder / f"{said}_vendored").mkdir(parents=True)
        (folder / f"{said}_vendored" / f"{said}.py").write_text("import both\nexit")
        (folder / f"{said}.pth").write_text(
            f"{said}_vendored\nimport os; os.seen = getattr(os, 'seen', '') + '{said} '\n"
        )
        (folder / "both.py").write_text(
            f"import os\nassert os.seen == 'versioned plain '\n{said}=1"
        )
    (tmp_path / "last.py").write_text("import both\nboth.versioned")

    report = imports.check(interpreters.running(), tmp_path, ["versioned", "plain", "last"])

    assert report.imported == ["versioned", "plain", "last"], report
    assert report.start == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import os; 1 / 0", "ZeroDivisionError"),
        ("import not_there_at_all", "not_there_at_all"),
        ("import sys; sys.exit('bye')", "SystemExit: bye"),
        ("import os; os._exit(3)", "the interpreter ended"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
        ("import time; time.sleep(9)", "more than 0.5 seconds"),
    ],
)
def test_a_pth_file_that_cannot_be_processed_is_reported(line: str, said: str, layer: Path) -> None:
    (layer / "mine.pth").write_text(f"# comment\n{line}\n")

    # Only what hangs is to be stopped soon: on a busy machine the others may take as long.
    seconds = 0.5 if "sleep" in line else imports.SECONDS_A_MODULE
    report = imports.check(interpreters.running(), layer, ["good"], seconds=seconds)

    assert said in report.start


def test_a_pth_file_that_only_says_something_is_no_error(layer: Path) -> None:
    (layer / "mine.pth").write_text("import sys; print('hello', file=sys.stderr)\n")

    report = imports.check(interpreters.running(), layer, ["good"])

    assert (report.start, report.imported) == ("", ["good"])


def test_the_main_module_of_a_dependency_must_import_unless_it_may_fail() -> None:
    failure = Failure("pkg", "ModuleNotFoundError: no x", kinds=("ModuleNotFoundError",))
    report = Report(imported=["pkg_cli"], failures=[failure])
    modules = {"pkg": ("pkg", "pkg_cli")}

    refused, _ = imports.judge(report, modules, set(), (), {"pkg"})
    allowed, notes = imports.judge(report, modules, set(), ["pkg"], {"pkg"})

    assert (refused, allowed) == ([failure], [])
    assert "it may fail" in notes[0]


def test_a_module_that_ends_the_interpreter_as_if_all_were_well_is_a_failure(layer: Path) -> None:
    (layer / "ends.py").write_text("import os; os._exit(0)")

    report = imports.check(interpreters.running(), layer, ["ends", "good"])

    assert [failure.module for failure in report.failures] == ["ends"]
    assert "os._exit" in report.failures[0].message
    assert report.imported == ["good"]


def test_what_a_module_says_of_those_after_it_is_believed(layer: Path) -> None:
    """docs/security.md, "What is not covered": they share its interpreter, and so their report."""
    name = "name = os.environ['TMPDIR'] + '/report.jsonl'"
    line = json.dumps({"module": "broken", "status": "imported"})
    forges = f"import os; {name}; open(name, 'a').write({line!r} + chr(10)); os._exit(0)"
    (layer / "forges.py").write_text(forges)
    (layer / "broken.py").write_text("1 / 0")

    report = imports.check(interpreters.running(), layer, ["forges", "broken"])

    assert [failure.module for failure in report.failures] == ["forges"]
    assert report.imported == ["broken"]


@pytest.mark.slow
@pytest.mark.parametrize("more", ["", "; os.mkfifo(name)"], ids=["gone", "a pipe"])
def test_a_module_that_removes_the_report_does_not_pass(layer: Path, more: str) -> None:
    name = "name = os.environ['TMPDIR'] + '/report.jsonl'"
    (layer / "removes.py").write_text(f"import os; {name}; os.unlink(name){more}")

    report = imports.check(interpreters.running(), layer, ["removes"])

    assert "has removed it" in report.start


@pytest.mark.slow
def test_folders_that_a_module_has_made_deeper_than_python_can_walk_do_no_harm(
    layer: Path,
) -> None:
    code = "import os\nos.chdir(os.environ['TMPDIR'])\n"
    code += "for _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\n"
    (layer / "digs.py").write_text(code)

    report = imports.check(interpreters.running(), layer, ["digs"])

    assert (report.imported, report.failures) == (["digs"], [])
