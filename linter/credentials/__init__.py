"""Registry credentials: how Kubernetes, OpenShift and containers/image read, match and send them.

Pure functions on text and bytes, no I/O, standard library only. ``lookup`` tells which credentials a consumer offers
for an image, ``examine`` what is wrong with a payload, ``parse_reference`` and ``normalise_key`` how images and
registry keys are read. None of them raises on account of the data, and no representation shows a credential.
"""

from linter.credentials.base64go import (
    Base64Error,
    Credential,
    CredentialError,
    decode_auth,
    decode_base64,
    decode_base64_field,
    decode_data,
)
from linter.credentials.hosts import HostName
from linter.credentials.indexes import HUB_FALLBACK, ImageIndex, KeyIndex, SplitIndex, host_of, may_match
from linter.credentials.jsontext import JsonNode, JsonSyntaxError, parse_json
from linter.credentials.keyring import held, holding, is_hub
from linter.credentials.keys import (
    ContainersKey,
    RegistryKey,
    containers_key,
    key_matches,
    normalise_key,
    registry_host,
)
from linter.credentials.payload import Entry, Payload, PayloadError, examine
from linter.credentials.placeholders import placeholder, redacted
from linter.credentials.pullsecrets import Candidate, Lookup, PullSecret, secret_payload
from linter.credentials.references import Consumer, Reference, ReferenceError_, parse_reference
from linter.credentials.resolve import Reader, lookup
from linter.credentials.tokens import TokenFacts, describe_token, token_account

__all__ = [
    "HUB_FALLBACK",
    "Base64Error",
    "Candidate",
    "Consumer",
    "ContainersKey",
    "Credential",
    "CredentialError",
    "Entry",
    "HostName",
    "ImageIndex",
    "JsonNode",
    "JsonSyntaxError",
    "KeyIndex",
    "Lookup",
    "Payload",
    "PayloadError",
    "PullSecret",
    "Reader",
    "Reference",
    "ReferenceError_",
    "RegistryKey",
    "SplitIndex",
    "TokenFacts",
    "containers_key",
    "decode_auth",
    "decode_base64",
    "decode_base64_field",
    "decode_data",
    "describe_token",
    "examine",
    "held",
    "holding",
    "host_of",
    "is_hub",
    "key_matches",
    "lookup",
    "may_match",
    "normalise_key",
    "parse_json",
    "parse_reference",
    "placeholder",
    "redacted",
    "registry_host",
    "secret_payload",
    "token_account",
]
