"""Programs of others that tests run for real."""

from __future__ import annotations

import os
import shutil

import pytest


def installed(program: str, package: str) -> str:
    """Where it is. Without it the test is skipped, or fails where AKIS_REQUIRE_PCSC=1 says that all must run."""
    found = shutil.which(program)
    if found is None:
        missing = f"there is no {program}; install what Debian calls {package}"
        if os.environ.get("AKIS_REQUIRE_PCSC") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return found
