"""`NamedTuple` as in `typing`, but quick to declare: most calls make records of few of the classes that they load.

`typing.NamedTuple` compiles a constructor for every class when it is declared, which takes as long as importing a small
module. Here that is done when the first record is made; from then on the class is what `collections.namedtuple` makes
of it. The modules that every call loads declare their records with it.
"""

import sys
from collections import namedtuple
from functools import cache
from typing import TYPE_CHECKING

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    _WIDEST = 30
    _FIELDS = [f"field_{at}" for at in range(_WIDEST)]
    _WIDE = namedtuple("_Wide", _FIELDS)
    _GETTERS = [*map(vars(_WIDE).get, _FIELDS)]
    """What reads the field of each place; it does not matter of which class. It has to stay: a class that nobody holds
    is cleared by the collector of cycles, at any moment while these are taken from it."""

    _UNEXPECTED = TypeError if sys.version_info >= (3, 13) else ValueError
    """What the records of `collections` raise in this Python."""

    def _annotations(body):
        """What the body of a class annotates: since Python 3.14 (PEP 649) a function that tells it stands there."""
        annotate = body.get("__annotate__") or body.get("__annotate_func__")
        return body.get("__annotations__", ()) if annotate is None else annotate(_VALUES)

    _VALUES = 1
    """`annotationlib.Format.VALUE`: that module need not be loaded."""

    @cache
    def _constructor(count):
        """The constructor of a class of so many fields; but for their names it is that of any other."""
        return namedtuple("_Any", _FIELDS[:count]).__new__

    def _first(cls, /, *args, **kwargs):
        """Make the first record of a class, and the constructor for those that follow."""
        other = _constructor(len(cls._fields))
        code = other.__code__.replace(co_varnames=("_cls", *cls._fields))
        cls.__new__ = type(other)(code, other.__globals__, "__new__", tuple(cls._field_defaults.values()))
        cls.__new__.__qualname__ = f"{cls.__name__}.__new__"
        return cls.__new__(cls, *args, **kwargs)

    def _make(cls, values):
        record = tuple.__new__(cls, values)
        if len(record) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(record)}")
        return record

    def _replace(self, /, **changes):
        record = tuple.__new__(type(self), map(changes.pop, self._fields, self))
        if changes:
            raise _UNEXPECTED(f"Got unexpected field names: {list(changes)!r}")
        return record

    def _asdict(self):
        return dict(zip(self._fields, self, strict=True))

    def _values(self):
        return tuple(self)

    def _repr(self):
        fields = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"{type(self).__name__}({fields})"

    _SHARED = {
        "__slots__": (),
        "__new__": _first,
        "__repr__": _repr,
        "__getnewargs__": _values,
        "_make": classmethod(_make),
        "_replace": _replace,
        "_asdict": _asdict,
    }

    class _Declared(type):
        """Turns the body of a class into a class of tuples."""

        def __new__(cls, name, bases, body):
            fields = tuple(_annotations(body))
            defaults = {field: body[field] for field in fields if field in body}
            if [*defaults] != [*fields[len(fields) - len(defaults) :]]:
                raise TypeError(f"{name}: a field without a default follows one that has one")
            if len(fields) > _WIDEST:
                raise TypeError(f"{name}: more than {_WIDEST} fields")
            named = dict(zip(fields, _GETTERS, strict=False))
            facts = {"_fields": fields, "__match_args__": fields, "_field_defaults": defaults}
            return type(name, (tuple, *bases[1:]), {**_SHARED, **body, **named, **facts})

    NamedTuple = type.__new__(_Declared, "NamedTuple", (), {})
