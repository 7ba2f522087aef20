"""Answers to the second factor that are not worth one of the few tries."""

from __future__ import annotations

import pytest

from akis.errors import InvalidArgument
from akis.secret import Secret
from akis.unlock.answer import check_answer
from akis.unlock.opened import SecondFactor
from tests.leaks import silent

SMS, PASSWORD = SecondFactor("sms", "… 42"), SecondFactor("password")


@pytest.mark.parametrize("typed", ["748213", " 748 213 ", "74 82 13\n"])
def test_a_code_is_sent_without_its_spaces(typed):
    assert check_answer(SMS, Secret(typed)) == Secret("748213")


@pytest.mark.parametrize("typed", ["74821", "7482133", "74821O", "748-213", "", "   ", "٧٤٨٢١٣".encode()])
def test_a_code_that_is_mistyped_is_not_sent(typed):
    with pytest.raises(InvalidArgument, match="the code of the SMS has 6 digits; it was not sent") as error:
        check_answer(SMS, Secret(typed))
    silent(error.value, [typed] if len(typed) > 4 and isinstance(typed, str) else [])


def test_a_password_is_sent_as_it_is():
    password = Secret(" çok gizli ".encode())
    assert check_answer(PASSWORD, password) is password
    with pytest.raises(InvalidArgument, match="the web password is empty; it was not sent"):
        check_answer(PASSWORD, Secret(""))
