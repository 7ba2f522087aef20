"""Everything that the OpenAPI document describes, tried by schemathesis with what fits it and what does not.

By hand, at length::

    SCHEMATHESIS_HOOKS=tests.unlock.attacks.api_hooks schemathesis run URL/openapi.json --checks all -n 500
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from akis.authority.store.store import Store
from akis.authority.store.tables import Unlock
from tests.akis.authority.http.served import served
from tests.leaks import silent

ROOT = Path(__file__).parents[3]
ALL_OPERATIONS = 9
NO_LIMITS = {"sign_ins_wrong": 100_000, "lookups_unknown": 100_000, "sms_to_one": 100_000}


@pytest.mark.slow
def test_every_answer_is_one_that_is_described(sqlite_store: Store, tmp_path: Path) -> None:
    """No 5xx, no status, content type, header or body that is not described; bad requests and missing tokens refused.

    Tokens are right ones, in all states that requests are for; and limits are far away, so that they do not answer.
    """
    with served(sqlite_store, **NO_LIMITS) as authority:
        tried = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{authority.serving.url}/openapi.json"),
                *("--checks", "all", "--max-examples", "12", "--seed", "1", "--no-color", "--warnings", "off"),
            ],
            capture_output=True,
            text=True,
            cwd=tmp_path,  # where it keeps what it found
            env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.unlock.attacks.api_hooks"},
            timeout=120,
        )
        assert tried.returncode == 0, tried.stdout[-8000:] + tried.stderr[-2000:]
        assert f"Tested: {ALL_OPERATIONS}" in tried.stdout
        for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
            assert f"✅ {phase}" in tried.stdout
        passed = re.search(r"(\d+) generated, (\d+) passed", tried.stdout)
        assert passed is not None
        assert int(passed[1]) > 100
        silent(tried.stdout, authority.secrets)
        # It came further than the tokens: some unlocks were opened, some of them confirmed.
        assert {row.state for row in authority.rows(Unlock)} == {"opened", "asked", "confirmed"}
