"""The report for readers: one HTML file that asks nothing of any network and needs no script to be read.

The template, the style and the script are files beside this one, put into the page when it is rendered. A policy in the
page allows exactly them, by hash. Every text passes `visible` and is then escaped; there is no way around either. The
script gets its findings as data and makes text nodes of them: it never reads HTML, and the policy forbids that it does.
"""

import hashlib
from base64 import b64encode
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from linter.model import Run
from reports._visible import visible
from reports.contract import Options, Report

if TYPE_CHECKING:
    from jinja2 import Template

REPORT = Report("html", "one self-contained page to read, filter and print", "text/html", wants=("pulls", "diffs"))

_NAMES: Final = ("style.css", "early.js", "script.js")


def render(run: Run, options: Options) -> str:  # noqa: ARG001 - the contract of a report
    """Return the run as one HTML page."""
    from markupsafe import Markup  # noqa: PLC0415 - heavy, and only this report needs it

    from reports.html.data import embed  # noqa: PLC0415 - with the page
    from reports.html.view import page, script_data  # noqa: PLC0415

    own = {name: _read(name) for name in _NAMES}
    inlined = {name.replace(".", "_"): Markup(text) for name, text in own.items()}  # noqa: S704 - our own package files
    shown = page(run)
    data = Markup(embed(**script_data(shown)))  # noqa: S704 - JSON in which `<` is an escape
    return _template().render(page=shown, policy=_policy(own), data=data, **inlined) + "\n"


@cache
def _template() -> "Template":
    """Return the template of the page, compiled once: whoever renders several pages would wait for that each time."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415 - as above

    from reports._phrases import count  # noqa: PLC0415 - as above
    from reports.html.manual import inline  # noqa: PLC0415

    def finalize(value: Any) -> Any:
        return value if type(value) is not str else visible(value)

    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(inline=inline, count=count)
    return environment.get_template("template.html")


def _read(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text("utf-8")


def _policy(own: dict[str, str]) -> str:
    """Return the content security policy that allows the given files and nothing else."""
    style, *scripts = (
        f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in own.values()
    )
    return (
        f"default-src 'none'; style-src {style}; script-src {' '.join(scripts)}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
