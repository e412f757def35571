from __future__ import annotations

import io

import pytest

from builder.worker.audit import licences
from builder.worker.content import Content
from builder.worker.contents.distributions import Distribution
from builder.worker.errors import BuildError
from builder.worker.log import Log
from builder.worker.request import Licences, Target


def judge(said: str, target: Target, *, allow: str = "", deny: str = "") -> str:
    """Judge a package that says this of its licence; return the log."""
    package = Distribution("lib", "1.0", "lib-1.0.dist-info", (), said)
    mine = Distribution("mine", "3.2", "mine-3.2.dist-info", (), "Proprietary")
    content = Content(target, "python", [package, mine], {"mine"})
    rules = Licences(*(tuple(words.split(", ")) if words else () for words in (allow, deny)))
    log = io.StringIO()
    licences.check(rules, [content], Log(log))
    return log.getvalue()


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        ("MIT", {"allow": "mit"}),
        ("MIT License", {"allow": "MIT"}),
        ("Apache-2.0 OR GPL-3.0-only", {"allow": "Apache-2.0"}),
        ("Apache-2.0 OR GPL-3.0-only", {"deny": "GPL-3.0-only"}),
        ("MIT AND Apache-2.0", {"allow": "MIT, Apache-2.0"}),
        ("GPL-2.0-only WITH Classpath-exception-2.0", {"allow": "GPL-2.0-only"}),
        ("BSD License", {"allow": "MIT, BSD License"}),
        ("GPL-3.0-only", {}),
        ("", {"deny": "GPL-3.0-only"}),
        ("GPL-2.0 AND MIT", {"allow": "GPL-2.0, MIT"}),
        ("GPL-2.0-only", {"deny": "GPL-2.0-or-later"}),
        ("GPL-2.0-only", {"deny": "GPL-2.0-only WITH Classpath-exception-2.0"}),
        ("GPL-2.0-only OR MIT", {"deny": "GPL-2.0"}),
    ],
)
def test_what_the_rules_let_in_stays(said: str, rules: dict[str, str], foreign: Target) -> None:
    judge(said, foreign, **rules)


@pytest.mark.parametrize(
    ("said", "rules", "reason"),
    [
        ("GPL-3.0-only", {"deny": "gpl-3.0-only"}, "GPL-3.0-only is denied"),
        ("MIT AND GPL-3.0-only", {"deny": "GPL-3.0-only"}, "is denied"),
        ("GPL-3.0-only", {"allow": "MIT"}, "GPL-3.0-only is not allowed"),
        ("MIT AND GPL-3.0-only", {"allow": "MIT"}, "is not allowed"),
        ("MIT", {"allow": "MIT", "deny": "MIT"}, "MIT is denied"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", {"deny": "GPL-2.0-only"}, "is denied"),
        ("GPL-2.0-only", {"deny": "GPL-2.0"}, "GPL-2.0-only is denied"),
        ("MIT AND AGPL-3.0-or-later", {"deny": "AGPL-3.0+"}, "is denied"),
        ("()", {"allow": "MIT"}, "is not among those allowed"),
        ("MIT AND : WITH MIT", {"allow": "MIT"}, "is not among those allowed"),
        ("Not SPDX", {"allow": "MIT"}, "Not SPDX is not among those allowed"),
        ("Not SPDX", {"deny": "not spdx"}, "Not SPDX is denied"),
        ("(MIT", {"allow": "MIT"}, "is not among those allowed"),
        ("", {"allow": "MIT"}, "no licence stated is not among those allowed"),
    ],
)
def test_what_they_do_not_let_in_is_refused_by_package_and_licence(
    said: str, rules: dict[str, str], reason: str, foreign: Target
) -> None:
    with pytest.raises(BuildError, match="the licence of lib is not one") as caught:
        judge(said, foreign, **rules)

    assert caught.value.where.startswith("lib 1.0: ")
    assert reason in caught.value.where
    assert "mine" not in str(caught.value)


def test_what_cannot_be_judged_is_named(foreign: Target) -> None:
    log = judge("BSD License", foreign, deny="GPL-3.0-only")

    assert "not judged: lib (BSD License)" in log
