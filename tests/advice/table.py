"""The table of all errors that the tool raises to users: the place in the code, and its row."""

import re

from tests.advice import commands, description, options, trees
from tests.advice.commands import Commands
from tests.advice.rows import Elsewhere, Row
from tests.advice.sites import ROOT, sites

TABLE: dict[str, Row | Commands] = {
    f"{path}:{place}": row
    for files in (description.FILES, options.FILES, trees.FILES, commands.FILES)
    for path, rows in files.items()
    for place, row in rows.items()
}


def row_of(site: str) -> Row | Commands | None:
    """Return the row of a place, or of its room; None when there is none."""
    of_room = (row for room, row in commands.ROOMS.items() if site.startswith(room))
    return TABLE.get(site) or next(of_room, None)


def problems() -> list[str]:
    """Return what is wrong with the table: errors without a row, and rows without an error."""
    found = sites()
    lacking = [f"{site} has no row" for site in found if row_of(site) is None]
    lacking += [f"{site} makes no error" for site in TABLE if site not in found]
    reasons = {row.why for row in TABLE.values() if isinstance(row, Elsewhere)}
    named = {path for why in reasons for path in re.findall(r"tests/[\w/]+(?:\.py)?", why)}
    return lacking + [f"there is no {path}" for path in sorted(named) if not (ROOT / path).exists()]


if __name__ == "__main__":
    wrong = problems()
    if wrong:
        raise SystemExit(
            "\n".join(wrong)
            + "\nEvery error has a row in tests/advice: how it is met, and that its advice helps, "
            "or why that cannot be tried"
        )
