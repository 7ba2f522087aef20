"""What goes in and comes out, as the OpenAPI document shows it. All values in the examples are made up."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from akis.authority.steps.sign_in import LONGEST_NAME
from akis.unlock.code import LENGTH as CODE_LENGTH

LONGEST_TEXT = 1024
WITHOUT_NUL = r"^[^\x00]*$"
"""PostgreSQL keeps no NUL in text."""

Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=LONGEST_TEXT, pattern=WITHOUT_NUL)]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=LONGEST_NAME, pattern=WITHOUT_NUL)]
Digits = Annotated[
    str,
    StringConstraints(strict=True, pattern=rf"^[0-9]{{{CODE_LENGTH}}}$"),
    # No pattern says what the last digit is; who makes requests of this document may know the format.
    Field(json_schema_extra={"format": "akis-unlock-code"}),
]
Serial = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Fa-f]{24}$")]
Seconds = Annotated[int, Field(ge=0, examples=[900])]


class _Given(BaseModel):
    """A body of a request: these fields and no others."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SignInBody(_Given):
    """Who signs in."""

    name: Name = Field(examples=["example-holder"])
    password: Text = Field(repr=False, examples=["example-password"])


class CodeBody(_Given):
    """A code to redeem."""

    code: Digits = Field(
        repr=False,
        description=f"{CODE_LENGTH} digits, of which the last checks the others (ISO/IEC 7064, MOD 11,10).",
        examples=["123456789012345"],
    )


class CardBody(_Given):
    """Which card is to be unlocked."""

    serial: Serial = Field(description="12 bytes in hex.", examples=["000000000000000000000001"])


class AnswerBody(_Given):
    """What was asked for as the second factor: the digits of the SMS, or the web password."""

    answer: Text = Field(repr=False, examples=["000000"])


class HolderOut(BaseModel):
    """A holder, by the name that is signed in with and the one that is used in a greeting."""

    name: str = Field(examples=["example-holder"])
    full_name: str = Field(examples=["Example Holder"])


class SignedIn(BaseModel):
    """A sign-in."""

    token: str = Field(description="For the Authorization header.", examples=["example-sign-in-token"])
    expires_in: Seconds
    holder: HolderOut


class CodeOut(BaseModel):
    """A new code; the one before serves no more."""

    code: str = Field(examples=["123456789012345"])
    expires_in: Seconds
    expires_at: datetime = Field(examples=["2000-01-01T00:05:00Z"])


class SecondFactorOut(BaseModel):
    """What is asked for; ``to`` is the end of the telephone number an SMS goes to."""

    kind: Literal["sms", "password"]
    to: str | None = Field(examples=["… 00"])


class CertificateOut(BaseModel):
    """A certificate that was put on the card."""

    subject: str = Field(examples=["Example Holder"])
    not_before: datetime = Field(examples=["2000-01-01T00:00:00Z"])
    not_after: datetime = Field(examples=["2001-01-01T00:00:00Z"])


class CardOut(BaseModel):
    """A card of the holder's."""

    serial: str = Field(examples=["000000000000000000000001"])
    label: str = Field(examples=["Example card"])
    profile: str = Field(description="Name of the generation it is of.", examples=["akis-2.5"])
    certificates: list[CertificateOut]


class UnlockOut(BaseModel):
    """An unlock that a code opened."""

    token: str = Field(description="For the Authorization header.", examples=["example-unlock-token"])
    unlock: str = Field(
        description="Names it in logs; it opens nothing.", examples=["00000000000000000000000000000000"]
    )
    expires_in: Seconds
    holder: HolderOut
    second_factor: SecondFactorOut
    cards: list[CardOut]


class ChosenOut(BaseModel):
    """A card was chosen. Where the second factor is an SMS, it is on its way."""

    second_factor: SecondFactorOut


class ConfirmedOut(BaseModel):
    """The second factor was right: the exchange may begin."""

    confirmed: Literal[True] = True


class StatusOut(BaseModel):
    """All is well."""

    status: Literal["ok"] = "ok"
