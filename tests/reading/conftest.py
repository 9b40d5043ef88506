"""Small files for the tests of reading."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Write text (or bytes) to a file of that name, and give its path."""

    def write_file(content, name="demand.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write_file
