"""The proof of a fix: every pull, build and import that it can touch, resolved before and after."""

from linter.proof.bounds import bounded
from linter.proof.compare import compare
from linter.proof.prover import Prover

__all__ = ["Prover", "bounded", "compare"]
