"""Validity in words, at its edges."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from akis.errors import InvalidArgument
from akis.pkcs15.validity import NO_END, Validity

BEGINS, ENDS = datetime(2024, 3, 31, tzinfo=UTC), datetime(2027, 3, 31, 12, tzinfo=UTC)
VALIDITY = Validity(BEGINS, ENDS)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "state", "words"),
    [
        (BEGINS, "valid", "valid for another 3 years"),
        (BEGINS - SECOND, "not yet valid", "not valid yet, begins in less than a minute"),
        (datetime(2024, 3, 29, tzinfo=UTC), "not yet valid", "not valid yet, begins in 2 days"),
        (datetime(2024, 3, 29, 1, tzinfo=UTC), "not yet valid", "not valid yet, begins in 47 hours"),
        (datetime(2025, 4, 1, tzinfo=UTC), "valid", "valid for another 23 months"),
        (datetime(2026, 4, 30, 12, tzinfo=UTC), "valid", "valid for another 11 months"),
        (datetime(2027, 1, 31, 12, tzinfo=UTC), "valid", "valid for another 2 months"),
        (datetime(2027, 2, 1, tzinfo=UTC), "valid", "valid for another 58 days"),
        (datetime(2027, 3, 31, 11, 57, tzinfo=UTC), "valid", "valid for another 3 minutes"),
        (datetime(2027, 3, 31, 11, 59, tzinfo=UTC), "valid", "valid for another 1 minute"),
        (ENDS, "valid", "valid for less than a minute"),
        (ENDS + SECOND, "expired", "expired less than a minute ago"),
        (ENDS + timedelta(3), "expired", "expired 3 days ago"),
        (datetime(2040, 1, 1, tzinfo=UTC), "expired", "expired 12 years ago"),
        (datetime(2027, 4, 3, 15, tzinfo=timezone(timedelta(hours=3))), "expired", "expired 3 days ago"),
    ],
)
def test_words(now, state, words):
    assert VALIDITY.state(now) == state
    assert VALIDITY.in_words(now) == words


def test_without_end():
    assert Validity(BEGINS, NO_END).in_words(ENDS) == "valid without end"


@pytest.mark.parametrize(
    ("validity", "now", "state", "words"),
    [
        (Validity(None, None), ENDS, "unknown", "not known until when it is valid"),
        (Validity(BEGINS, None), ENDS, "unknown", "not known until when it is valid"),
        (Validity(BEGINS, None), BEGINS - SECOND, "not yet valid", "not valid yet, begins in less than a minute"),
        (Validity(None, ENDS), ENDS + timedelta(9), "expired", "expired 9 days ago"),
        (
            Validity(None, ENDS),
            ENDS - timedelta(9),
            "unknown",
            "not known from when, would be valid for another 9 days",
        ),
    ],
)
def test_what_is_known_counts(validity, now, state, words):
    assert (validity.state(now), validity.in_words(now)) == (state, words)


def test_now_has_a_time_zone():
    with pytest.raises(InvalidArgument):
        VALIDITY.state(datetime(2026, 1, 1))
