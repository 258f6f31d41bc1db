"""Words that mean harm where they are shown, and what tells whether an output holds."""

import sys
import unicodedata
from pathlib import Path

from tests.commons import quiet

sys.path.insert(0, str(Path(__file__).parent / "reports"))

HOSTILE = {
    "terminal": "\x1b[31mred\x1b]0;t\x07\x9b31m\u202egnp\u2066x",
    "markup": "<img src=x onerror=alert(1)>\"'</script><!--",
    "markdown": "|a|`b` [c](http://d) @team #1 </details>\n\n# e",
    "formula": "=cmd|' /C calc'!A0,\"b\"",
    "workflow": "::error file=a,line=1::b%0A::c ##[error]d",
    "shell": "-n'; touch owned; $(touch owned) `touch owned` \\",
    "lines": "a\r\nb\n---\nkind: Secret\n",
    "path": "../../../etc/x\\y",
    "wide": "é路\u200b",
}
FORMATS = ("text", "json", "sarif", "html", "markdown", "csv", "junit", "github", "gitlab", "prometheus")


def harmless(written: str, *allowed: str) -> None:
    """Fail where a terminal is steered, or a build service told something."""
    steering = {sign for sign in written if sign != "\n" and unicodedata.category(sign) in ("Cc", "Cf", "Cs")}
    assert steering <= {*allowed}
    assert "##[" not in written


def every_format(*words: str, code: int = 1) -> dict[str, str]:
    """Judge in every format, see that none is steered or broken, and return what was written."""
    from test_structure import SKELETONS  # noqa: PLC0415 - beside the reports

    Path("out").mkdir(exist_ok=True)
    outputs = [f"--format={name}=out/{name}" for name in FORMATS]
    ended, out, error = quiet("check", *words, "--fail-on", "info", "--verbose", *outputs)
    assert ended == code, error
    assert not out
    harmless(error)
    written = {name: Path("out", name).read_bytes().decode() for name in FORMATS}
    for name, report in written.items():
        harmless(report, *("\u2060" if name == "markdown" else ""))
        SKELETONS[name](report)
    return written
