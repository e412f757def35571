import tomllib

import pytest

from builder.inputs.locks import uv_lock
from builder.inputs.locks.entry import Entry

REGISTRY = 'source = { registry = "https://packages.example.com/simple" }'
LOCK = f"""
version = 1
[[package]]
name = "demo"
version = "0"
source = {{ editable = "." }}
dependencies = [
  {{ name = "numpy", version = "1.26", marker = "python_version < '3.12'" }},
  {{ name = "repo", marker = "sys_platform == 'linux'" }},
]
[package.optional-dependencies]
tables = [{{ name = "rich" }}]
[[package]]
name = "NumPy"
version = "1.26"
{REGISTRY}
resolution-markers = ["python_version < '3.11'", "python_version == '3.11'"]
sdist = {{ url = "a", hash = "sha256:aa" }}
wheels = [{{ url = "b", hash = "sha256:bb" }}]
[[package]]
name = "repo"
version = "2"
source = {{ git = "https://a.example/r.git?subdirectory=x&rev=main#9f2c" }}
[[package]]
name = "rich"
version = "14"
{REGISTRY}
[[package]]
name = "wheel"
version = "3"
source = {{ url = "https://a.example/wheel.whl" }}
"""


def test_distributions_are_read_with_where_they_come_from() -> None:
    assert uv_lock.entries(tomllib.loads(LOCK)) == [
        Entry("demo", "0", "", (), indexed=False),
        Entry(
            "numpy",
            "1.26",
            '(python_version < "3.11") or (python_version == "3.11")',
            ("sha256:bb", "sha256:aa"),
            indexed=True,
        ),
        Entry(
            "repo",
            "2",
            "(sys_platform == 'linux')",
            (),
            indexed=False,
            url="git+https://a.example/r.git@9f2c#subdirectory=x",
        ),
        Entry("rich", "14", "", (), indexed=True),
        Entry("wheel", "3", "", (), indexed=False),
    ]


@pytest.mark.parametrize(
    ("extras", "more"),
    [((), set()), (("tables",), {("rich", "14")}), (("Tables",), {("rich", "14")})],
)
def test_what_the_project_needs_depends_on_its_extras(
    extras: tuple[str, ...], more: set[tuple[str, str]]
) -> None:
    found = uv_lock.reachable(tomllib.loads(LOCK)["package"], extras)

    assert found == {("demo", "0"), ("numpy", "1.26"), ("repo", "2"), *more}
