from builder.builds.last_words import LastWords, last_words
from builder.worker.errors import BuildError

CODEBUILD = [
    "[Container] 2026/01/01 10:00:00 Command did not exit successfully python3 worker.pyz build",
    "[Container] 2026/01/01 10:00:00 Phase complete: BUILD State: FAILED",
]


def log_of(error: BuildError) -> list[str]:
    """The end of a log as the worker and CodeBuild write it."""
    return ["[   0.1s] resolving", *f"ERROR: {error}".splitlines(), *CODEBUILD]


def test_the_workers_sentence_and_its_advice_are_found_above_codebuilds_own_lines() -> None:
    error = BuildError("there is no package 'requets'", "layer web", "a name", "correct it\nor not")

    assert last_words(log_of(error)) == LastWords(
        "there is no package 'requets'", "correct it\nor not"
    )


def test_an_error_without_advice_has_none() -> None:
    assert last_words(log_of(BuildError("it broke", "here"))) == LastWords("it broke")


def test_errors_of_programs_that_it_runs_come_before_its_own() -> None:
    lines = ["ERROR: pip's opinion", "  fix:      do not", *log_of(BuildError("setup.py failed"))]

    assert last_words(lines) == LastWords("setup.py failed")


def test_a_log_without_an_error_of_the_worker_has_no_last_words() -> None:
    assert last_words([]) is None
    assert last_words(CODEBUILD) is None
    assert last_words(["ERROR: ", "  ERROR: not at the beginning"]) is None


def test_what_the_machine_lacks_is_no_part_of_the_advice() -> None:
    lines = ["ERROR: it broke", "  where:    here", "  fix:      do this", "  needs:    more space"]

    assert last_words(lines) == LastWords("it broke", "do this", "more space")
