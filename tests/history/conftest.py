"""Databases to keep a history in: an SQLite file, and a schema of a PostgreSQL server that is named."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/scans.db"
        return
    server = os.environ.get("REGCRED_TEST_POSTGRES", "")
    if not server:
        pytest.skip("REGCRED_TEST_POSTGRES names no PostgreSQL")
    import psycopg  # noqa: PLC0415 - only where a server is

    space = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {space}")
        yield f"{server}{'&' if '?' in server else '?'}options=-csearch_path%3D{space}"
        connection.execute(f"DROP SCHEMA {space} CASCADE")
