"""libyaml's events: the cheapest layer of PyYAML, and the only one that neither recurses nor refuses legal YAML."""

from collections.abc import Callable
from typing import Any

import yaml

try:
    from yaml._yaml import CParser as _EventParser
except ImportError:  # PyYAML built without libyaml: the same events, slowly
    from yaml.loader import SafeLoader as _EventParser  # type: ignore[assignment]


def open_events(text: str) -> Callable[[], Any]:
    """Start to parse a stream; each call of the result returns its next event or raises `yaml.YAMLError`."""
    next_event: Callable[[], Any] = _EventParser(text).get_event
    return next_event


def refusal(message: str, mark: Any) -> yaml.YAMLError:
    """Our own refusal of a document, in the form of the parser's."""
    return yaml.composer.ComposerError(None, None, message, mark)
