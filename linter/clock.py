"""The present, in one place, so that a result can be reproduced."""

import os
import time


def now() -> int:
    """The present in Unix seconds; the variable SOURCE_DATE_EPOCH sets it, so that a result can be reproduced."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    return int(fixed) if fixed.isdecimal() and len(fixed) < 12 else int(time.time())
