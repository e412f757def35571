"""The licences of packages, judged by the layer's own rules with SPDX's list of identifiers.

What a package says of itself is taken for true. The library is one of the pinned tools
(tools.txt), and is only imported where a layer has rules.
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Sequence

from ..content import Content
from ..contents.distributions import Distribution
from ..errors import BuildError
from ..log import Log
from ..request import Licences

NAMES = {
    "mit license": "MIT",
    "the mit license": "MIT",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "mozilla public license 2.0": "MPL-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "3-clause bsd license": "BSD-3-Clause",
}
"""What packages without an SPDX expression write and can only mean one licence. ``BSD License`` and
``Apache Software License`` are not among them: they name no version (PEP 639)."""


def check(rules: Licences, contents: Sequence[Content], log: Log) -> None:
    """Raise BuildError for the packages whose licence the rules do not let in.

    The layer's own packages are not judged.
    """
    if not rules:
        return
    judge = _Judge(rules)
    refused, unread = {}, set()
    for d in _strangers(contents):
        reason = judge.reason(d.license)
        if reason:
            refused[d.name] = f"{d.name} {d.version}: {reason}"
        elif not judge.reads(d.license):
            unread.add(f"{d.name} ({d.license or 'none stated'})")
    if unread:
        log.note(
            f"licences that are no SPDX expression are not judged: {', '.join(sorted(unread))}"
        )
    if refused:
        names = ", ".join(sorted(refused))
        raise BuildError(
            f"the licence of {names} is not one that the layer may have",
            where="\n".join(refused[name] for name in sorted(refused)),
            expected=_expected(rules),
            fix="take another package or version, or change licences in layers.toml; a text that "
            "is no SPDX identifier can be named there as the package has it",
        )


class _Judge:
    def __init__(self, rules: Licences) -> None:
        from license_expression import get_spdx_licensing  # type: ignore[import-untyped] # no stubs

        self._licensing: Any = get_spdx_licensing()
        self._allow = self._words(rules.allow)
        self._deny = self._words(rules.deny)

    def _words(self, rules: Iterable[str]) -> set[str]:
        """Return what rules name, small: as they are, and by today's identifier (GPL-2.0-only)."""
        read = [self._parsed(word) for word in rules]
        names = {str(parsed.render()).lower() for parsed in read if parsed is not None}
        return names | {word.lower() for word in rules}

    def reads(self, said: str) -> bool:
        """Whether a text is an SPDX expression, or means one licence."""
        return self._parsed(said) is not None

    def reason(self, said: str) -> str:
        """Return why a licence is refused; "" when it is not."""
        shown = said or "no licence stated"
        words = {said.lower()} if said else set()
        if words & self._deny:
            return f"{shown} is denied"
        if words & self._allow:
            return ""
        parsed = self._parsed(said)
        if parsed is None:
            return f"{shown} is not among those allowed" if self._allow else ""
        if self._lets_in(parsed):
            return ""
        return f"{shown} is denied" if self._denies(parsed) else f"{shown} is not allowed"

    def _parsed(self, said: str) -> Any:
        from license_expression import ExpressionError, ParseError

        try:
            return self._licensing.parse(NAMES.get(said.lower(), said), validate=True)
        except (ExpressionError, ParseError, AssertionError, LookupError):
            # The last two are the library's own mistakes, for texts such as "()".
            return None

    def _lets_in(self, node: Any) -> bool:
        """Whether one may choose so that every licence that holds then is let in."""
        if isinstance(node, self._licensing.OR):
            return any(self._lets_in(part) for part in node.args)
        if isinstance(node, self._licensing.AND):
            return all(self._lets_in(part) for part in node.args)
        names = _names(node)
        return not names & self._deny and (not self._allow or bool(names & self._allow))

    def _denies(self, node: Any) -> bool:
        return any(_names(literal) & self._deny for literal in node.literals)


def _names(node: Any) -> set[str]:
    """Return a licence's identifiers, small: with and without its exception."""
    plain = getattr(node, "license_symbol", node)
    return {str(node.render()).lower(), str(plain.key).lower()}


def _strangers(contents: Iterable[Content]) -> Iterator[Distribution]:
    for content in contents:
        yield from (d for d in content.found if d.name not in content.own)


def _expected(rules: Licences) -> str:
    only = f"one of {', '.join(rules.allow)}" if rules.allow else "any licence"
    return f"{only}, but none of {', '.join(rules.deny)}" if rules.deny else only
