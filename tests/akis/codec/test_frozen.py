"""Values that take no assignment."""

import pytest

from akis.codec.frozen import Frozen, freeze


class _Fields:
    __slots__ = ("x",)


class Point(Frozen, _Fields):
    __slots__ = ()


@pytest.fixture
def point():
    fields = _Fields()
    fields.x = 1
    return freeze(fields, Point)


def test_freeze_makes_the_same_object_another_kind():
    fields = _Fields()
    fields.x = 1
    point = freeze(fields, Point)
    assert point is fields
    assert type(point) is Point
    assert point.x == 1


def test_no_attribute_is_set_or_deleted(point):
    with pytest.raises(AttributeError, match="Point does not change"):
        point.x = 2
    with pytest.raises(AttributeError, match="Point does not change"):
        del point.x
    with pytest.raises(AttributeError, match="Point does not change"):
        point.y = 2
    assert point.x == 1


def test_it_cannot_be_thawed(point):
    with pytest.raises(AttributeError):
        point.__class__ = _Fields
