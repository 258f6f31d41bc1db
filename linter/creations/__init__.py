"""What commands, Terraform, steps of a CI and texts beside the manifests create: Secrets and service accounts by name.

It is a guess to the side of silence: whoever asks says that an object may be made there, and never that it is.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Final

from linter.creations import ansible, commands, doctl, literals, manifests, steps, terraform, variables
from linter.creations.words import CONTINUED
from linter.inventory.applied import WORD

OURS: Final = "### regcred: "
"""How our own report in Markdown begins: its commands are advice that nobody has followed yet."""


def created(text: str, *, prose: bool = False) -> Iterator[tuple[str, str]]:
    """Yield kinds and names of what a text may create; where a variable stands for the name, any assigned value.

    In `prose`, which is no script, a line that begins with `#` is a command as well: a prompt, or a remark. The name is
    "" where a variable gives it that another file of the folder may define, and has `*` for a variable that is a part.
    """
    opened: dict[str, set[str]] = defaultdict(set)
    for kind, written in () if text.startswith(OURS) else _written(text, prose=prose):
        if variables.filled(written):
            opened[kind].update(variables.names(written))
            yield from ((kind, shape) for shape in variables.shapes(written))
        for word in WORD.findall(written):
            yield kind, word
    for kind, names in opened.items():
        yield kind, ""
        yield from ((kind, word) for word in variables.assigned(text))
        yield from ((kind, word) for word in variables.stated(text, names))


def _written(text: str, *, prose: bool) -> Iterator[tuple[str, str]]:
    """The kinds of what is created, each with the words among which its name is."""
    made, accounted = "ecret" in text or doctl.PRINTS in text, commands.creates_accounts(text)
    lines = CONTINUED.sub(" ", text).splitlines() if made or accounted else []
    lines = [line.lstrip("# \t") for line in lines] if prose else [one for one in lines if one.lstrip()[:1] != "#"]
    if made:
        found = chain(commands.secrets(lines), steps.secrets(text), doctl.secrets(text), steps.deployments(text))
        yield from (("Secret", each) for each in found)
    if accounted:
        yield from (("ServiceAccount", each) for each in commands.accounts(lines))
    if "kind" in text:
        yield from manifests.objects(text.replace("\\n\\\n", "\n").replace("\\n", "\n"))
        yield from literals.objects(text)
        yield from ansible.objects(text)
    if '"kubernetes_' in text:
        yield from terraform.objects(text)
