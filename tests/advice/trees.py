"""Rows of errors about a layer's files."""

import os
from pathlib import Path

from tests.advice.rows import Elsewhere, Followed, Row, sources

PROJECT = '[project]\nname = "web"\nversion = "1"\n'
REQUIREMENTS = {"dependencies": "", "requirements": '"r.txt"'}
PACKAGE = {"dependencies": "", "package": '"src"'}
WEB: dict[str, str | bytes] = {"src/pyproject.toml": PROJECT, "src/web.py": ""}
POETRY = '[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\nrich = "%s"\n'
LISTED = '[project]\nname = "web"\nversion = "1"\n[tool.uv]\npackage = false\n'
KEY = b"-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----\n"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
RIGHTS = Elsewhere("the tests may run as root, who may read everything")
RACE = Elsewhere(
    "another process has to change the file in between; running it again is the advice"
)


def written(line: str, right: str, advice: str, **others: str | bytes) -> Followed:
    """Return a row of one line of a requirements file."""
    files: dict[str, str | bytes] = {"r.txt": f"{line}\n", **others}
    return sources(files, {"r.txt": f"{right}\n"}, advice, keys=REQUIREMENTS)


def excluded(name: str, content: bytes, advice: str) -> Followed:
    """Return a row of a file that is to be excluded."""
    return sources(
        {**WEB, f"src/{name}": content}, {}, advice,
        keys=PACKAGE, corrected={"exclude": f'["{name}"]'},
    )  # fmt: skip


def linked(target: str, advice: str) -> Followed:
    """Return a row of a link that is to be excluded."""
    row = sources(WEB, {}, advice, keys=PACKAGE, corrected={"exclude": '["link"]'})

    def meet(folder: Path) -> object:
        if not (folder / "src/link").is_symlink():
            (folder / "src").mkdir()
            (folder / "src/link").symlink_to(target)
        return row.meet(folder)

    return Followed(meet, row.follow, advice)


def large(folder: Path) -> None:
    """Make a file that is larger than a layer, which takes no room on the disk."""
    os.truncate(folder / "src/data.bin", 1 << 30)


READING: dict[str, Row] = {
    "read_input": excluded("big.py", POINTER, "git lfs pull, or exclude the file"),
    "read_input#2": excluded("key.txt", KEY, "exclude the file"),
    "read_content": Elsewhere(
        "tests/builder/inputs/test_source_files_hostile.py makes such a file"
    ),
    "unreadable": RIGHTS,
}

SOURCE_FILES: dict[str, Row] = {
    "read_file": RACE,
    "_add_local": sources(
        {**WEB, "src/pyproject.toml": PROJECT + 'dependencies = ["x"]\n'
         '[tool.uv.sources]\nx = { path = "../../x" }\n'},
        {"src/pyproject.toml": PROJECT + 'dependencies = ["x"]\n'},
        "or publish it to an index", keys=PACKAGE,
    ),
    "_check_credentials": written(
        "--index-url https://me:pw@packages.example", "rich", "take it out"
    ),
    "_check_variables": written(
        "x @ https://${HOST}/x.tar.gz", "x @ https://packages.example/x.tar.gz",
        "write what stands for it",
    ),
    "_text": sources(
        {"r.txt": b"rich # \xff\xfe\xfa\n"}, {"r.txt": "rich # \u00ff\n"}, "save it as UTF-8",
        keys=REQUIREMENTS,
    ),
    "_resolve": Elsewhere("the fix has this machine's path: test_source_files.py follows it"),
    "_resolve#2": written(
        "rich @ file:///home/me/rich-13.0.0-py3-none-any.whl", "rich==13.0.0", "write rich==13.0.0"
    ),
    "_resolve#3": written("../x", "rich", "or publish it to an index"),
    "_check_base": sources(
        {"a/r.txt": "./x\n", "a/x/pyproject.toml": PROJECT, "a/x/x.py": ""},
        {"a/r.txt": "./a/x\n"}, "write ./a/x",
        keys={"dependencies": "", "requirements": '"a/r.txt"'},
    ),
    "_check_project": sources(
        {"r.txt": "./x\n", "x/x.py": ""}, {"x/pyproject.toml": PROJECT},
        "write a x/pyproject.toml", keys=REQUIREMENTS,
    ),
    "_check_link": linked("../src", "copy the folder, or exclude the link"),
    "_inside": linked("/etc/hostname", "or exclude the link"),
    "_check_name": Elsewhere("not every file system takes such a name; renaming is the advice"),
    "_missing": written("-r gone.txt", "rich", "correct the path"),
}  # fmt: skip

LOCK = 'version = 1\n[[package]]\nname = "other"\nversion = "1"\nsource = { virtual = "." }\n'

FILES: dict[str, dict[str, Row]] = {
    "builder/inputs/source_files.py": SOURCE_FILES,
    "builder/inputs/reading.py": READING,
    "builder/inputs/dependency_list.py": {
        "read_listed": Elsewhere("met when it is bundled: test_dependency_list.py follows it"),
        "_check": Elsewhere("met when it is bundled: test_dependency_list.py follows it"),
        "_check#2": Elsewhere("met when it is bundled: test_dependency_list.py follows it"),
    },
    "builder/inputs/local_dependencies.py": {
        "_check_address": sources(
            {**WEB, "src/pyproject.toml": PROJECT + 'dependencies = ["x @ file:///x"]\n'},
            {"src/pyproject.toml": PROJECT + 'dependencies = ["x @ https://e.example/x.tar.gz"]\n'},
            "write the whole URL", keys=PACKAGE,
        ),
        "_found": Elsewhere("which patterns are none depends on the version of Python"),
    },
    "builder/inputs/package_tree.py": {
        "_chosen": Elsewhere("a checkout that is not whole: test_package_tree.py makes one"),
        "_submodule_missing": Elsewhere("a checkout without submodules: test_package_tree.py"),
        "_unreadable": RIGHTS,
    },
    "builder/inputs/pyproject.py": {
        "parse_pyproject": sources(
            {**WEB, "src/pyproject.toml": "[project"}, {"src/pyproject.toml": PROJECT},
            "correct what is named", keys=PACKAGE,
        ),
    },
    "builder/inputs/git.py": {
        "_ls_files": Elsewhere("a machine without git: tests/builder/inputs/test_git.py"),
        "_refused": Elsewhere("a repository of another user: tests/builder/inputs/test_git.py"),
        "_refused#2": Elsewhere("a broken repository: tests/builder/inputs/test_git.py"),
    },
    "builder/inputs/locks/project_lock.py": {
        "_error": Elsewhere("met when it is bundled: test_project_lock.py follows it"),
    },
}  # fmt: skip
