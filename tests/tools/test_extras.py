"""What commands ask for beyond the package itself: as setup.cfg has it, and said in one sentence."""

from __future__ import annotations

import re
from configparser import ConfigParser
from importlib.metadata import packages_distributions

import pytest

from akis.errors import InvalidArgument
from tests.tools.akis_process import ROOT
from tools import extras

SETTINGS = ConfigParser()
SETTINGS.read(ROOT / "setup.cfg", encoding="utf-8")


@pytest.mark.parametrize("extra", extras.MODULES)
def test_the_modules_are_those_that_the_extra_brings(extra: str) -> None:
    listed = re.findall(r"^[A-Za-z0-9-]+", SETTINGS["options.extras_require"][extra], re.MULTILINE)
    by_module = packages_distributions()
    brought = {by_module[name][0].lower().replace("_", "-") for name in extras.MODULES[extra]}
    assert brought == {name.lower() for name in listed}


def test_an_extra_that_is_there() -> None:
    extras.require("authority", "this")


def test_one_that_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "httpx" else object())
    assert not extras.installed("unlock")
    with pytest.raises(
        InvalidArgument, match=r"^this needs packages that are not installed; pip install 'akis\[unlock"
    ):
        extras.require("unlock", "this")
