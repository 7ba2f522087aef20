"""Settings say where things are, make sense, and hold no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from akis.authority.rules import Rules
from akis.authority.serving.settings import Settings
from akis.errors import InvalidArgument, ProfileError
from tests.leaks import silent

SECRET = "hunter-7531"


def test_nothing_has_to_be_said() -> None:
    settings = Settings()
    assert (settings.host, settings.workers, settings.is_loopback) == ("127.0.0.1", 1, True)
    settings.check_listening()


def test_they_go_to_workers_and_back() -> None:
    settings = Settings(port=0, workers=4, behind_proxy=True, sms_token="env:SMS", rules=Rules(answers=2, lease=40))
    assert Settings.from_json(settings.to_json()) == settings


def test_relative_paths_begin_where_the_file_is(tmp_path: Path) -> None:
    file = tmp_path / "authority.toml"
    file.write_text(
        'database = "sqlite:///data/a.db"\nmaster_key_pin = "file:pin"\ntls_cert = "/etc/c.pem"\ntls_key = "k.pem"\n'
        "port = 443\n\n[rules]\nreport_wait = 5\n"
    )
    settings = Settings.from_toml(file)
    assert settings.database == f"sqlite:///{tmp_path}/data/a.db"
    assert settings.master_key == f"{tmp_path}/master.key"
    assert settings.master_key_pin == f"file:{tmp_path}/pin"
    assert settings.sms == f"outbox:{tmp_path}/sms.jsonl"
    assert (settings.tls_cert, settings.tls_key) == ("/etc/c.pem", f"{tmp_path}/k.pem")
    assert settings.rules == Rules(report_wait=5)


@pytest.mark.parametrize(
    "changes",
    [
        {"database": "postgresql://akis@db/akis"},
        {"database": "env:DATABASE"},
        {"database": "sqlite:///:memory:"},
        {"master_key": "pkcs11:token=akis;object=master"},
        {"sms": "https://sms.example/send"},
        {"sms_token": "env:SMS_TOKEN"},
    ],
)
def test_what_is_no_path_stays_as_it_is(changes: dict[str, str]) -> None:
    beside = Settings(**changes).beside(Path("/srv"))  # type: ignore[arg-type]
    for name, value in changes.items():
        assert getattr(beside, name) == value


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"port": 65536}, "port is a number"),
        ({"port": "80"}, "port is a whole number"),
        ({"port": True}, "port is a whole number"),
        ({"workers": 0}, "workers are"),
        ({"behind_proxy": "yes"}, "behind_proxy is true or false"),
        ({"host": ""}, "host is a name"),
        ({"host": "a b"}, "host is a name"),
        ({"tls_cert": "c.pem"}, "TLS needs both"),
        ({"log": "loud"}, "log is one of"),
        ({"master_key": 5}, "master_key is a text"),
        ({"master_key": "a\nb"}, "cannot be printed"),
        ({"database": "authority.db"}, "database is a URL"),
        ({"rules": {}}, "rules is a table"),
        ({"rules": Rules(answers=0)}, "rules.answers is more than 0"),
        ({"rules": Rules(answers=1.5)}, "rules.answers is a whole number"),
        ({"rules": Rules(answer_wait=float("nan"))}, "rules.answer_wait is more than 0"),
        ({"rules": Rules(lease=20)}, "rules.lease must be longer"),
    ],
)
def test_settings_that_make_no_sense(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidArgument, match=sentence):
        Settings(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"database": f"postgresql://akis:{SECRET}@db/akis"},
        {"database": f"postgresql://akis@db/akis?password={SECRET}"},
        {"master_key": f"pkcs11:token=a?pin-value={SECRET}"},
        {"master_key_pin": SECRET},
        {"sms": f"https://akis:{SECRET}@sms.example/"},
        {"sms_token": SECRET},
    ],
)
def test_a_secret_is_refused_and_not_repeated(changes: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        Settings(**changes)  # type: ignore[arg-type]
    silent(refused.value, [SECRET])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "authority.example"])
def test_without_tls_it_is_for_this_machine_only(host: str) -> None:
    with pytest.raises(InvalidArgument, match="without TLS"):
        Settings(host=host).check_listening()
    Settings(host=host, behind_proxy=True).check_listening()
    Settings(host=host, tls_cert="c.pem", tls_key="k.pem").check_listening()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_has_several_names(host: str) -> None:
    Settings(host=host).check_listening()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("port = ", "not TOML"),
        ("prot = 1", "did you mean port"),
        ("[rules]\nanswer = 1", "did you mean answers"),
        ("port = 99999", "port is a number"),
        ("port = '1'", "port is a whole number"),
    ],
)
def test_mistakes_in_a_file_are_told_with_its_name(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "authority.toml"
    file.write_text(text)
    with pytest.raises(ProfileError, match=sentence) as refused:
        Settings.from_toml(file)
    assert str(file) in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot be read: No such file"):
        Settings.from_toml(tmp_path / "none.toml")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"prot":1}', '{"port":"x"}', "[" * 100_000])
def test_what_is_no_settings_at_all(text: str) -> None:
    with pytest.raises(ProfileError):
        Settings.from_json(text)
