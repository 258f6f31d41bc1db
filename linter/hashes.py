"""`blake2b` and `sha256` as `hashlib` has them, but without OpenSSL, which takes longer to load than a check hashes."""

import importlib
import sys
from typing import TYPE_CHECKING

__all__ = ["blake2b", "sha256"]

if TYPE_CHECKING:
    from hashlib import blake2b, sha256
else:
    try:
        blake2b = importlib.import_module("_blake2").blake2b
        sha256 = importlib.import_module("_sha2" if sys.version_info >= (3, 12) else "_sha256").sha256
    except ImportError:  # an implementation of Python, or a build of it, that has no such modules
        from hashlib import blake2b, sha256
