import pytest

from builder.inputs.requirements_files import requirement_references


def test_files_are_named_in_the_order_of_the_lines() -> None:
    text = "-r a.txt\nrich\n# -r no.txt\n-c b.txt\r\n./web\n"

    found = [(reference.path, reference.beside) for reference in requirement_references(text)]

    assert found == [("a.txt", True), ("b.txt", True), ("./web", False)]


@pytest.mark.parametrize(
    ("line", "reference"),
    [
        ("-r base.txt", "base.txt"),
        ("-rbase.txt", "base.txt"),
        ("--requirement base.txt", "base.txt"),
        ("--requirement=base.txt", "base.txt"),
        ("-c ../c.txt", "../c.txt"),
        ("--constraint c.txt # why", "c.txt"),
        ("  -r base.txt", "base.txt"),
        ("-e .", "."),
        ("-e .[dev]", "."),
        ("-e libs/web", "libs/web"),
        ("--editable=libs/web[extra]", "libs/web"),
        ("-e file:libs/web", "libs/web"),
        ("./libs/web", "./libs/web"),
        ("./libs/web[extra]", "./libs/web"),
        ("./libs/web ; python_version < '3.13'", "./libs/web"),
        ("../web#egg=web", "../web"),
        ("libs/web", "libs/web"),
        ("wheels/x-1-py3-none-any.whl", "wheels/x-1-py3-none-any.whl"),
        ("web @ ./libs/web", "./libs/web"),
        ("web[extra] @ file:./libs/web", "./libs/web"),
        ("web @ file:///srv/web", "/srv/web"),
        ("-r \\\n  base.txt", "base.txt"),
        ("-r ba\\\nse.txt", "base.txt"),
        ("rich", None),
        ("rich>=14 --hash=sha256:abc", None),
        ("# -r base.txt", None),
        ("", None),
        ("--index-url https://example.test/simple/", None),
        ("-i https://example.test/simple/", None),
        ("--find-links wheels", "wheels"),
        ("-f ./wheels", "./wheels"),
        ("-f https://example.test/wheels", None),
        ("--require-hashes", None),
        ("--no-binary=:all:", None),
        ("-r https://example.test/requirements.txt", None),
        ("web @ https://example.test/web-1.tar.gz", None),
        ("https://example.test/web-1-py3-none-any.whl", None),
        ("-e git+https://example.test/web.git@main#egg=web", None),
        ("git+ssh://git@example.test/org/web.git", None),
        ("web @ git+https://example.test/web.git", None),
        ("rich ; python_version < '3.13' and sys_platform == 'linux'", None),
    ],
)
def test_a_line_of_a_requirements_file_names(line: str, reference: str | None) -> None:
    found = [reference.path for reference in requirement_references(line + "\n")]

    assert found == ([reference] if reference else [])
