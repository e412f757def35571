"""Lay out what Sphinx reads: ``python -m docsite FOLDER``."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from docsite.reference import pages

REPOSITORY = Path(__file__).resolve().parent.parent
COPIED = ("CHANGELOG.md", "CONTRIBUTING.md", "docs", "examples/ci", "terraform")
MADE = shutil.ignore_patterns("__pycache__", ".terraform*", "*.tfstate*")
LINK = re.compile(r"\]\(([^)#:\s]+)")

CONTENTS = {
    "Get started": ("Quick starts <self>", "docs/moving", "terraform/README", "docs/sandbox",
                    "examples/ci/README"),
    "How to": ("docs/inputs", "docs/functions", "docs/sizes", "docs/operations", "docs/async",
               "docs/hybrid"),
    "Reference": ("docs/layers-toml", "docs/constructs", "docs/permissions", "docs/protocol"),
    "Behind it": ("docs/how-it-works", "docs/architecture", "docs/security", "docs/reliability",
                  "docs/performance", "docs/size-analysis", "CONTRIBUTING", "CHANGELOG"),
}  # fmt: skip
"""The site's contents; a page of docs/ that is not named here is a how-to."""


def lay_out(folder: Path) -> None:
    """Write the folder: the pages where they are in the repository, the README as the index."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in COPIED:
        source, target = REPOSITORY / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=MADE)
        else:
            shutil.copy2(source, target)
    reference = folder / "reference"
    reference.mkdir()
    for name, write in pages().items():
        (reference / f"{name}.md").write_text(write(), encoding="utf-8")
    for file in folder.rglob("*.md"):
        text = file.read_text(encoding="utf-8").replace("](../README.md", "](../index.md")
        for link in LINK.findall(text):
            path = file.parent.joinpath(link).resolve().relative_to(folder.resolve())
            copy_linked(path, folder)
            if (REPOSITORY / path).is_dir():
                text = text.replace(f"]({link})", f"]({link.rstrip('/')}/{shown(path)})")
        file.write_text(text, encoding="utf-8")
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (folder / "index.md").write_text(readme + contents(folder), encoding="utf-8")
    shutil.copy2(Path(__file__).with_name("conf.py"), folder)


def copy_linked(path: Path, folder: Path) -> None:
    """Copy a source file that a page links to; readers of the site get it as a download."""
    source, target = REPOSITORY / path, folder / path
    if source.is_file() and source.name != "README.md" and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def shown(folder: Path) -> str:
    """Return the file that stands for a folder that a page links to."""
    root = REPOSITORY / folder
    names = [path for path in sorted(root.rglob("*")) if path.suffix in {".md", ".tf"}]
    usual = (root / name for name in ("README.md", "main.tf"))
    chosen = next((path for path in usual if path in names), names[0])
    return chosen.relative_to(root).as_posix()


def contents(folder: Path) -> str:
    """Return the directives by which the site has its contents; every page is in one of them."""
    there = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.md")}
    named = {page for found in CONTENTS.values() for page in found}
    written = ""
    for caption, found in CONTENTS.items():
        pages_here = [page for page in found if page in there or page.endswith("<self>")]
        if caption == "How to":
            rest = there - named - {"index"}
            pages_here += sorted(page for page in rest if not page.startswith("reference/"))
        if caption == "Reference":
            pages_here += [f"reference/{name}" for name in pages()]
        lines = "\n".join(pages_here)
        written += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```\n"
    return written


if __name__ == "__main__":
    lay_out(Path(sys.argv[1]))
