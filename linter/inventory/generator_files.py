"""Auth files that a kustomize `secretGenerator` makes a pull secret of, as they stand beside it in the scan."""

import posixpath
from collections.abc import Callable, Iterable, Iterator

from linter.documents import Document
from linter.documents.objects import KubeObject
from linter.inventory import authfiles
from linter.inventory.paths import dig, text
from linter.inventory.records import KEY_OF_TYPE, GeneratedSecret, PullSecret, State
from linter.inventory.secrets import pull_secret
from linter.record import NamedTuple


class Asked(NamedTuple):
    """A file of which a generator makes the payload of a pull secret of this type."""

    path: str
    type: str


def asked(generated: Iterable[GeneratedSecret]) -> Iterator[Asked]:
    """Yield every file that a generator of a pull secret names for the key of its type, each once."""
    seen = set()
    for made in generated:
        key = KEY_OF_TYPE.get(made.type) if made.how == "secretGenerator" else None
        files = dig(made.object.body, *made.type_route[:-1], "files") if key is not None else None
        for source in files if isinstance(files, list) else ():
            name, equals, path = text(source).partition("=")
            path = path if equals else name
            if (name if equals else posixpath.basename(path)) == key:
                where = posixpath.normpath(posixpath.join(posixpath.dirname(made.object.path), path))
                one = Asked(where, made.type)
                if one not in seen:
                    seen.add(one)
                    yield one


def generator_files(
    generated: Iterable[GeneratedSecret], read: Callable[[str], bytes | None], *, substituted: bool
) -> list[PullSecret]:
    """Return the files that generators ask for and `read` gives, as the Secrets that they become, with what is written.

    `substituted` is as for Secrets.
    """
    found = []
    for path, kind in asked(generated):
        data = read(path)
        if data is None:
            continue
        body = {"type": kind, "stringData": {KEY_OF_TYPE[kind]: data.decode("utf-8", "replace")}}
        item = KubeObject(Document(path, 0, None), (), body, "Secret", "v1")
        found.append(pull_secret(item, substituted=substituted))
    return found


def as_file(secret: PullSecret) -> PullSecret:
    """Return such a Secret as the file of which it is made."""
    if secret.state is State.EMPTY:
        secret = secret._replace(state=State.TEMPLATED, reason="the file is empty: something is to fill it in")
    written_as = None if secret.written_as is None else as_file(secret.written_as)
    return authfiles.as_file(secret)._replace(written_as=written_as)
