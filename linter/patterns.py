"""Regular expressions that are compiled when they are first used: most calls need few of those that they load."""

import re
from typing import TYPE_CHECKING, AnyStr, cast

if TYPE_CHECKING:
    from typing import Any


class LazyPattern:
    """Stands in for a compiled pattern, and takes over its methods with the first use."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> "Any":
        compiled = re.compile(self._source, self._flags)
        for method in ("match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split"):
            setattr(self, method, getattr(compiled, method))  # from here on as fast as the pattern itself
        return getattr(compiled, name)


def lazy(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` returns, as far as its methods go; an error in `source` shows with the first use.

    For a module that a call loads without using all its patterns. Where every call uses one, `re.compile` says so.
    """
    return cast("re.Pattern[AnyStr]", LazyPattern(source, flags))
