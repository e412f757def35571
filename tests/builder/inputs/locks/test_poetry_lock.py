import tomllib

from builder.inputs.locks import poetry_lock
from builder.inputs.locks.entry import Entry

LOCK = """
[[package]]
name = "Rich"
version = "14.0.0"
markers = "python_version >= '3.9'"
files = [{ file = "rich.whl", hash = "sha256:aa" }, { file = "rich.tar.gz", hash = "sha256:bb" }]
[[package]]
name = "six"
version = "1.17"
files = []
[package.markers]
main = "python_version < '3.12'"
dev = "sys_platform == 'linux'"
[[package]]
name = "ours"
version = "1"
files = [{ file = "ours.whl", hash = "sha256:cc" }]
source = { type = "legacy", url = "https://packages.example.com/simple", reference = "house" }
[[package]]
name = "repo"
version = "2"
files = []
[package.source]
type = "git"
url = "https://a.example/r.git"
reference = "main"
resolved_reference = "9f2c"
[[package]]
name = "beside"
version = "3"
files = []
source = { type = "directory", url = "../beside" }
[[package]]
name = "far"
version = "4"
files = []
source = { type = "url", url = "https://a.example/far.whl" }
"""


def test_distributions_are_read_with_where_they_come_from() -> None:
    assert poetry_lock.entries(tomllib.loads(LOCK)) == [
        Entry(
            "rich", "14.0.0", 'python_version >= "3.9"', ("sha256:aa", "sha256:bb"), indexed=True
        ),
        Entry(
            "six",
            "1.17",
            '(python_version < "3.12") or (sys_platform == "linux")',
            (),
            indexed=True,
        ),
        Entry("ours", "1", "", ("sha256:cc",), indexed=True),
        Entry("repo", "2", "", (), indexed=False, url="git+https://a.example/r.git@9f2c"),
        Entry("beside", "3", "", (), indexed=False),
        Entry("far", "4", "", (), indexed=False),
    ]
