"""``akis certs`` on emulated cards, and its report on certificates that no card has."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from akis.conversation.certificates import FoundCertificate, FoundCertificates
from akis.emulator.test_ca import CertificateAuthority
from tests.akis.pkcs15.made import BEGINS, ENDS, FOR_SIGNATURES, KEY, TURKISH, certificate, qualified
from tools.__main__ import main
from tools.certificate_report import as_pem, as_text, der_files, describe

CARD = ("--reader", "emulator:akis-2.2")
AUTHORITY = CertificateAuthority(BEGINS)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["certs", *CARD, *arguments]) == 0
    return capsys.readouterr().out


def found(*contents: bytes, problem: str | None = None) -> FoundCertificates:
    """These, at 3D00/2F10 and so on."""
    files = [FoundCertificate((0x3D00, 0x2F10 + at), raw, problem=problem) for at, raw in enumerate(contents)]
    return FoundCertificates("PKCS #15", tuple(files))


def screen(*contents: bytes, problem: str | None = None) -> str:
    """The report on these a year before the certificates end."""
    report = describe(found(*contents, problem=problem), ENDS - timedelta(days=340))
    return as_text({**report, "written": []})


def unwrapped(text: str) -> str:
    return " ".join(text.split())


class TestOnACard:
    def test_a_block_for_each_in_80_columns(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = printed(capsys)
        assert all(len(line) <= 80 for line in text.splitlines())
        assert text.startswith("Certificate 1 .....: 3D00/2F10")
        assert len(text.split("\n\n")) == text.count("Certificate ")
        assert "Işıl Gülşen" in text
        assert "Qualified .........: yes" in text

    @pytest.mark.parametrize("name", ["akis-1.0", "akis-2.2", "akis-2.5"])
    def test_every_emulated_card_lists_what_it_has(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["certs", "--reader", f"emulator:{name}", "--json"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["found_by"], report["notes"]) == ("PKCS #15", [])
        assert report["certificates"][0]["qualified"]
        for item in report["certificates"]:
            assert (item["problems"], item["label"] != "", item["id"] != "") == ([], True, True)

    def test_json_says_the_same_and_has_the_certificates(self, capsys: pytest.CaptureFixture[str]) -> None:
        report = json.loads(printed(capsys, "--json"))
        assert (report["schema"], report["found_by"]) == (1, "PKCS #15")
        first = report["certificates"][0]
        theirs = x509.load_der_x509_certificate(bytes.fromhex(first["der"]))
        assert first["serial"] == f"{theirs.serial_number:X}".zfill(len(first["serial"]))
        assert first["ends"] == theirs.not_valid_after_utc.isoformat()
        assert [one["name"] for one in first["criteria"]][:2] == ["whole", "compliance"]

    def test_pem_is_read_by_others(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = printed(capsys, "--pem")
        report = json.loads(printed(capsys, "--json"))
        theirs = [
            item.public_bytes(Encoding.DER).hex().upper() for item in x509.load_pem_x509_certificates(text.encode())
        ]
        assert theirs == [item["der"] for item in report["certificates"]]

    def test_der_files_are_named_by_their_place_and_never_written_over(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        report = json.loads(printed(capsys, "--json", "--der", str(tmp_path / "new")))
        written = sorted(path.name for path in (tmp_path / "new").iterdir())
        assert written[0] == "3D00-2F10.der"
        assert sorted(report["written"]) == [str(tmp_path / "new" / name) for name in written]
        x509.load_der_x509_certificate((tmp_path / "new" / written[0]).read_bytes())
        assert main(["certs", *CARD, "--der", str(tmp_path / "new")]) == 2
        assert "is there already" in capsys.readouterr().err

    def test_a_directory_that_cannot_be_made(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        assert main(["certs", *CARD, "--der", str(tmp_path / "file" / "inside")]) == 2
        assert "cannot be written to" in capsys.readouterr().err

    def test_inside_a_secure_session_it_is_the_same(self, capsys: pytest.CaptureFixture[str]) -> None:
        plain = printed(capsys)
        assert printed(capsys, "--sm-keys", "emulator:akis-2.2/terminal") == plain

    def test_no_try_is_spent_and_no_pin_sent(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        printed(capsys, "--trace", str(tmp_path / "trace"))
        lines = [json.loads(line) for line in (tmp_path / "trace").read_text().splitlines()[1:]]
        assert {line["command"][2:4] for line in lines} <= {"A4", "B0", "C0"}

    def test_pem_and_json_at_once_are_a_usage_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["certs", *CARD, "--pem", "--json"]) == 2
        capsys.readouterr()

    def test_a_card_without_certificates(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["certs", "--reader", "emulator:blank"]) == 0
        assert capsys.readouterr().out == "There are no certificates on this card.\n"


class TestTheReport:
    def test_a_turkish_qualified_certificate(self) -> None:
        text = unwrapped(screen(qualified(FOR_SIGNATURES, TURKISH)))
        assert "yes, a Turkish qualified certificate (NES) [open code]" in text
        assert "2024-01-01 to 2027-01-01: valid for another 11 months" in text

    def test_an_ordinary_one_says_why_not(self) -> None:
        text = unwrapped(screen(AUTHORITY.ordinary(KEY.public_key()).public_bytes(Encoding.DER)))
        assert "Qualified .........: no: the issuer does not state that it is a qualified certificate" in text
        assert "TLS client, e-mail protection" in text

    def test_an_expired_one(self) -> None:
        raw = AUTHORITY.expired(KEY.public_key()).public_bytes(Encoding.DER)
        report = describe(found(raw), BEGINS)
        assert report["certificates"][0]["validity_in_words"] == "expired 30 days ago"
        assert report["certificates"][0]["qualified"]

    def test_a_cut_one_shows_what_is_known(self) -> None:
        text = screen(qualified()[:250])
        assert "Holder ............: C=TR, serialNumber=10000000146" in text
        assert "it is cut off" in text
        assert "no: " in text

    def test_bytes_that_are_none(self) -> None:
        assert screen(b"\x12\x34") == (
            "Certificate 1 .....: 3D00/2F10\nProblem ...........: these are not the bytes of a certificate."
        )

    def test_one_that_could_not_be_read_off_the_card(self) -> None:
        assert screen(b"", problem="SELECT failed").splitlines()[1] == "Problem ...........: SELECT failed."

    def test_names_move_no_terminal(self) -> None:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "\x1b[2J\u202eilA")])
        text = screen(certificate(holder=name))
        assert "\x1b" not in text
        assert "\u202e" not in text

    def test_only_whole_certificates_are_written(self) -> None:
        cards = found(qualified(), b"\x12\x34", qualified()[:-1], certificate() + bytes(50))
        assert der_files(cards) == {"3D00-2F10.der": qualified(), "3D00-2F13.der": certificate()}
        assert len(x509.load_pem_x509_certificates(as_pem(cards).encode())) == 2
