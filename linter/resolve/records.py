"""The records of an explanation: what one consumer does for one image, step by step. Frozen, and without a credential.

User names are masked when the records are made, passwords never enter them, registry keys have lost their user
information: a renderer may print every field.
"""

from enum import StrEnum
from typing import NamedTuple

from linter.model import ObjectRef


class Verdict(StrEnum):
    """How a pull ends, as far as credentials decide it.

    CREDENTIAL  a usable credential is offered
    ANONYMOUS   nothing is offered, and nothing in the scan says that the registry wants a credential
    UNCOVERED   nothing is offered, and the scan says that the registry wants a credential
    UNUSABLE    what is offered is no credential: empty, a placeholder, expired
    DOUBTFUL    a credential is offered that is most likely not the one that was meant
    REFUSED     the consumer refuses the set of secrets as a whole
    FORBIDDEN   the pod itself is not admitted
    BAD_IMAGE   the image reference is not one
    UNKNOWN     something that decides it is not in the scan or may not be judged
    """

    CREDENTIAL = "credential"
    ANONYMOUS = "anonymous"
    UNCOVERED = "uncovered"
    UNUSABLE = "unusable"
    DOUBTFUL = "doubtful"
    REFUSED = "refused"
    FORBIDDEN = "forbidden"
    BAD_IMAGE = "bad-image"
    UNKNOWN = "unknown"

    @property
    def works(self) -> bool:
        """Whether a credential, or anonymous access, is offered as it should be."""
        return self in (Verdict.CREDENTIAL, Verdict.ANONYMOUS)

    @property
    def fails(self) -> bool:
        """Whether it is known not to work: what is unknown neither works nor fails."""
        return not self.works and self is not Verdict.UNKNOWN


class Fate(StrEnum):
    """What a consumer does with one secret of its list."""

    READ = "read"
    SKIPPED = "skipped"
    MISSING = "missing"
    FATAL = "fatal"
    UNKNOWN = "unknown"


class SecretStep(NamedTuple):
    """One secret of the list, and what becomes of it. `line` and `column` are places in the decoded payload (0: none).

    `where` is the file, `entry` the registry key as written at which decoding stops.
    """

    name: str
    namespace: str
    fate: Fate
    reason: str
    where: str = ""
    line: int = 0
    column: int = 0
    entry: str = ""
    node_wide: bool = False


class KeyMatch(StrEnum):
    """How a registry key of the keyring stands to the image."""

    MATCH = "match"
    NEAR = "near"
    NONE = "none"
    DROPPED = "dropped"


class KeyStep(NamedTuple):
    """One key of the keyring in the order of trial. `secret` is None for the node-wide file.

    `written` is the key in the payload, `stored` what the consumer compares with the image. For a near miss `why` says
    what keeps it from matching and `instead` is the key that would match ("" when none follows from it).
    `mistake` tells a near miss that somebody surely did not want from an entry for another path of the same registry.
    `username` is masked, "" when the entry has none.
    """

    secret: str | None
    written: str
    stored: str
    match: KeyMatch
    why: str = ""
    instead: str = ""
    mistake: bool = False
    username: str = ""


class Offer(NamedTuple):
    """One credential in the order in which the consumer offers it; `remark` is what speaks against it."""

    secret: str | None
    key: str
    username: str
    remark: str = ""


class ListStep(NamedTuple):
    """The list of secrets and where it comes from: `how` is a sentence, `notes` what people miss about it."""

    how: str
    names: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Change(NamedTuple):
    """One change that would make it work, and the commands that make it (words in capitals are to be filled)."""

    summary: str
    commands: tuple[str, ...] = ()


class Subject(NamedTuple):
    """For whom an image is pulled. `object` is None for a question that names no object of the scan."""

    title: str
    namespace: str = ""
    object: ObjectRef | None = None
    cluster: str = ""


class Explanation(NamedTuple):
    """Everything that one consumer does for one image: the steps, the verdict, and what would change it.

    `subjects` holds all to whom the very same answer applies. `lookup` is the text compared with registry keys, None
    when the image cannot be read.
    """

    image: str
    consumer: str
    subjects: tuple[Subject, ...]
    list: ListStep
    secrets: tuple[SecretStep, ...]
    keys: tuple[KeyStep, ...]
    lookup: str | None
    offers: tuple[Offer, ...]
    ambiguous: bool
    verdict: Verdict
    summary: str
    causes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
