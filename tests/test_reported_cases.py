"""Cases from public trackers: each is shown offline in tests/cases/, or it is named here with a reason.

The reports are named in each test. `regcred resolve` has to tell the verdict, its cause, the near miss and the change;
where the catalogue has the rule, `regcred check` has to find the case, too. Credentials are invented.

| case | report | why it cannot be shown offline |
|---|---|---|
| 26 | openshift/origin#9584, #18932 | the host of the token server is in the registry's answer, in no manifest |
| 54 | okd#68 | two renderings of one secret at different times; a scan holds one of them |
"""

import re
from pathlib import Path

CASES = Path(__file__).parent / "cases"
ALL = set(range(1, 55))


def test_every_reported_case_is_shown_or_excused() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(CASES.glob("test_*.py")))
    shown = [int(number) for number in re.findall(r"^def test_(\d\d)_", text, re.MULTILINE)]
    excused = {int(number) for number in re.findall(r"^\| (\d+) \|", __doc__ or "", re.MULTILINE)}
    assert len(shown) == len(set(shown))
    assert set(shown) | excused == ALL
    assert not set(shown) & excused
