"""Comments that accept findings, in documents that are written anew without credentials: where they stand."""

import re
import sys
from pathlib import Path

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from linter.collecting.documents import Redacted
from linter.collecting.redact import Redaction
from linter.comments import comments
from linter.documents import Positions, read
from linter.sources import Limits

sys.path.insert(0, str(Path(__file__).parent.parent / "documents"))

from test_yaml_windows import lists, routes

COMMENT = st.sampled_from(["  # regcred: ignore[RC101] why", " # regcred: ignore[unlinked-pull-secret,RC307]", " # x"])


@st.composite
def commented(draw: st.DrawFn) -> str:
    """A list of objects, with comments behind lines and above them."""
    rows = []
    block = False
    for row in draw(lists(odd=False)).removeprefix("---\n").split("\n"):
        block = row.endswith(": |") or (block and (row.startswith("      ") or not row))
        if not block and draw(st.integers(0, 5)) == 5:
            rows.append(" " * draw(st.integers(0, 4)) + draw(COMMENT).lstrip())
        behind = row and not block and "#" not in row and draw(st.integers(0, 5)) == 5
        rows.append(row + draw(COMMENT) if behind else row)
    return re.sub(r"- #[^\n]*\n +", "- ", "\n".join(rows))


ENDS_IN_COMMENTS = """\
apiVersion: v1
kind: List
items:
- kind: Secret
  metadata: {name: a}
  # regcred: ignore[RC103] below
# x
# regcred: ignore[RC104] at the end
"""


@settings(max_examples=300, deadline=None)
@given(commented())
@example(ENDS_IN_COMMENTS)
def test_comments_and_values_keep_their_lines(text: str) -> None:
    data = text.encode()
    documents = read("a.yaml", data, limits=Limits()).documents
    assume(documents and isinstance(documents[0].data.get("items"), list) and "- #" not in text)
    redacted = Redacted("a.yaml", data, Redaction(), Limits())
    written = b"".join(redacted.written())
    before, after = Positions("a.yaml", data), Positions("a.yaml", written)
    found = comments(before)
    assert redacted.kept + redacted.lost == len(found)
    if not redacted.kept:
        return
    assert not redacted.lost

    def where(positions: Positions, line: int) -> int:
        return line if positions.line_text(line).strip() else 0

    assert [(one.line, one.names, where(after, one.above)) for one in comments(after)] == [
        (one.line, one.names, where(before, one.above)) for one in found
    ]
    for route in routes(documents[0].data, ()):
        here, there = before.span(0, route), after.span(0, route)
        assert here is not None
        assert there is not None, route
        assert there.line == here.line, route
