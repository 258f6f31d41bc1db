"""The typed records that rules see: what a scan holds, already read, classified and positioned.

Routes in these records are relative to the object (`KubeObject.at(*route)` makes a location of them).
"""

from enum import StrEnum

from linter.credentials import Payload
from linter.documents.objects import KubeObject
from linter.model import Location, Route
from linter.record import NamedTuple
from linter.secret import Sensitive

DOCKERCONFIGJSON = "kubernetes.io/dockerconfigjson"
DOCKERCFG = "kubernetes.io/dockercfg"
AUTH_FILE = "AuthFile"
"""The kind of a file that holds a config of registries and nothing else: docker's config.json, podman's auth.json."""
INSTALL_CONFIG = "InstallConfig"
"""The kind of what openshift-install reads, which its file does not tell (openshift/installer, pkg/types)."""
KEY_OF_TYPE = {DOCKERCONFIGJSON: ".dockerconfigjson", DOCKERCFG: ".dockercfg"}
_ENFORCES = "kubernetes.io/enforce-mountable-secrets"
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
TYPE_OF_KEY = {key: kind for kind, key in KEY_OF_TYPE.items()}


class State(StrEnum):
    """What is known of a pull secret's payload. Only READABLE and INVALID_BASE64 may be called right or wrong."""

    READABLE = "readable"
    INVALID_BASE64 = "invalid-base64"
    PLACEHOLDER = "placeholder"
    EMPTY = "empty"
    ABSENT = "absent"
    REDACTED = "redacted"
    ENCRYPTED = "encrypted"
    TEMPLATED = "templated"
    REPLICATED = "replicated"


UNJUDGED = frozenset({State.REDACTED, State.ENCRYPTED, State.TEMPLATED, State.REPLICATED})
"""States in which nothing may be said about the content: reported under coverage instead."""


class Link(NamedTuple):
    """One name in a list of secrets. `route` leads to the name itself, `item` to the list item that holds it.

    `namespace` is what the item says beside the name, where the API knows no such field.
    """

    name: str
    route: Route
    item: Route
    namespace: str = ""


class Seen(NamedTuple):
    """What the collector of a support bundle has seen of a Secret that is not in it.

    `error` is what Go's decoder said to it, "" when nothing, of the entry of registry key `entry` or ("") of the whole.
    `registries` are keys of entries whose `auth` had a user name.
    """

    error: str = ""
    entry: str = ""
    registries: tuple[str, ...] = ()


class PullSecret(NamedTuple):
    """A Secret that serves pulls, or was meant to.

    `type` is what the API server would see (absent means Opaque), `data_key` the payload key that is present, `route`
    the way to its scalar. `payload` is set exactly when `state` is READABLE; `decoded` are its bytes, `written` the
    scalar. `superseded` is the route of a `data` value that `stringData` overrides. `seen` is there where nothing is
    known of it but what a collector has seen, `written_as` where kustomize makes something else of what its file says.
    """

    object: KubeObject
    type: str
    data_key: str | None
    route: Route
    state: State
    reason: str = ""
    written: Sensitive | None = None
    decoded: Sensitive | None = None
    payload: Payload | None = None
    generated: str = ""
    excluded: bool = False
    superseded: Route | None = None
    error: str = ""
    error_offset: int = 0
    seen: Seen | None = None
    written_as: "PullSecret | None" = None

    @property
    def name(self) -> str:
        """The Secret's name."""
        return self.object.name

    @property
    def namespace(self) -> str:
        """The Secret's namespace, "" where the file names none."""
        return self.object.namespace

    @property
    def in_file(self) -> bool:
        """Whether it is an auth file, of which a Secret may be made, and no Secret."""
        return self.object.kind == AUTH_FILE

    @property
    def called(self) -> str:
        """What sentences call it."""
        return f"{'auth file' if self.in_file else 'Secret'} {self.name or 'without a name'}"

    @property
    def content(self) -> str:
        """What sentences call its payload: the key that holds it, if one does."""
        return "the content" if self.in_file else self.data_key or ""

    @property
    def typed(self) -> bool:
        """Whether type and key go together, so that the kubelet reads it at all (Kubernetes 1.25 to 1.36)."""
        return self.data_key is not None and KEY_OF_TYPE.get(self.type) == self.data_key

    @property
    def poisonous(self) -> bool:
        """Whether its readers refuse the whole set of secrets it is in: read, and not decodable."""
        return self.typed and self.payload is not None and self.payload.error is not None

    def at(self, part: str = "value") -> Location:
        """The location of the payload scalar, or of the object when there is none."""
        return self.object.at(*self.route, part=part) if self.route else self.object.at()


class GeneratedSecret(NamedTuple):
    """A Secret that a controller or build tool will make of this object; its content is unknown here.

    `type` is the type asked for ("" when none is), `keys` the data keys known to result, `how` the kind's name.
    `type_route` is where the type stands or would stand.
    """

    object: KubeObject
    name: str
    namespace: str
    type: str
    keys: tuple[str, ...]
    how: str
    type_route: Route
    hashed: bool = False


class ServiceAccount(NamedTuple):
    """A service account with its two lists: the one that serves pulls and the one that does not."""

    object: KubeObject
    pull_secrets: tuple[Link, ...]
    mountable: tuple[Link, ...]

    @property
    def name(self) -> str:
        """The account's name."""
        return self.object.name

    @property
    def namespace(self) -> str:
        """The account's namespace."""
        return self.object.namespace

    def refuses(self, name: str) -> bool:
        """Whether admission refuses a pod of this account that names a secret: the account allows only its own.

        The annotation is read as Go's `ParseBool` does (Kubernetes 1.25 to 1.36; deprecated since 1.32).
        """
        annotations = self.object.metadata.get("annotations")
        value = annotations.get(_ENFORCES) if isinstance(annotations, dict) else None
        return value in _TRUE and all(link.name != name for link in self.pull_secrets)


class ImageUse(NamedTuple):
    """One image that a workload or stream names, at `route`. `owner` is the container, volume or tag it belongs to.

    `never`: the pull policy is Never, so that the kubelet takes what is on the node and asks no registry.
    """

    image: str
    route: Route
    owner: str
    never: bool = False


class Workload(NamedTuple):
    """Anything that makes pods. `template` leads to the pod spec, or to what holds the list of pull secrets.

    `account` is "default" where none is named, and "" where it is not known. `unsure` says why what the object tells of
    list and account does not settle what its pods get ("" where it does). `account_at` leads to the account's name
    where that does not stand in the template.
    """

    object: KubeObject
    template: Route
    account: str
    pull_secrets: tuple[Link, ...]
    images: tuple[ImageUse, ...]
    explicit: bool = False
    unsure: str = ""
    account_at: Route = ()

    @property
    def account_route(self) -> Route:
        """The way to the account's name, whether or not one stands there."""
        return self.account_at or (*self.template, "serviceAccountName")

    @property
    def pulled(self) -> tuple[ImageUse, ...]:
        """The images that are pulled for it, now or when its pods are made: those of a pod that has ended are not."""
        if self.ended:
            return ()
        return tuple([use for use in self.images if not use.never])

    @property
    def is_pod(self) -> bool:
        """Whether this is a pod itself: admission has already copied the account's list into a live one."""
        return self.object.kind == "Pod"

    @property
    def ended(self) -> bool:
        """Whether this is a pod that has run its course, or is about to go: it never pulls again."""
        if self.object.kind != "Pod":
            return False
        body = self.object.body  # asked for several times of every pod
        status, metadata = body.get("status"), body.get("metadata")
        if isinstance(status, dict) and status.get("phase") in ("Succeeded", "Failed"):
            return True
        return isinstance(metadata, dict) and bool(metadata.get("deletionTimestamp"))


class ImportTag(NamedTuple):
    """One import of an image stream: `tag` is "" for `spec.dockerImageRepository`."""

    tag: str
    image: str
    route: Route
    insecure: bool


class ImageStream(NamedTuple):
    """An image stream (or an ImageStreamImport) and what it imports from registries."""

    object: KubeObject
    tags: tuple[ImportTag, ...]


class Use(StrEnum):
    """What a reference to a secret is for."""

    POD = "pod"
    ACCOUNT = "service account"
    MOUNT = "mount"
    BUILD = "build"
    PUSH = "push"
    CONTROLLER = "controller"
    PATCH = "patch"


class Reference(NamedTuple):
    """A place that names a secret: in `namespace` ("" when unknown), for which use.

    `route` leads to the name, inside the object; `place` is where it stands in a document that is no object.
    """

    name: str
    namespace: str
    use: Use
    object: KubeObject | None
    route: Route = ()
    place: Location | None = None

    @property
    def location(self) -> Location:
        """The location of the name itself."""
        if self.object is not None:
            return self.object.at(*self.route)
        return self.place or Location("")

    @property
    def pulls(self) -> bool:
        """Whether naming a secret here makes somebody pull with it (a mount and a push do not)."""
        return self.use not in (Use.MOUNT, Use.PUSH)
