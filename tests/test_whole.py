"""Whole numbers as people type them."""

import pytest

from emu.errors import UserError
from emu.whole import whole, within


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), (" 12 ", 12), ("-3", -3), ("00007", 7), ("99999999999999999999", 10**20 - 1)]
)
def test_numbers(text: str, number: int) -> None:
    assert whole("messages", text) == number


def test_hexadecimal_ones_where_they_are_allowed() -> None:
    assert whole("address", "0xFf", hexadecimal=True) == 255
    with pytest.raises(UserError, match="address must be a whole number, not '0xFf'"):
        whole("address", "0xFf")


@pytest.mark.parametrize("text", ["", "four", "1.5", "1e3", "+1", "1_000", "²", "٣", "--1", "0x", "1 2"])
def test_what_is_no_whole_number_is_called_that(text: str) -> None:
    with pytest.raises(UserError, match=r"^messages must be a whole number, not '"):
        whole("messages", text, hexadecimal=True)


@pytest.mark.parametrize("text", ["9" * 21, "9" * 5000, "-" + "9" * 5000, "0x" + "f" * 5000])
def test_one_that_is_too_large_is_called_that(text: str) -> None:
    digits = len(text.removeprefix("-").removeprefix("0x"))
    with pytest.raises(UserError, match=f"^messages is too large: a number of {digits} digits$"):
        whole("messages", text, hexadecimal=True)


def test_a_long_text_is_not_said_again_in_full() -> None:
    with pytest.raises(UserError) as error:
        whole("messages", "x" * 5000)
    assert len(str(error.value)) < 100


@pytest.mark.parametrize(
    ("value", "most", "said"),
    [
        (0, 64, "cores must be 1 to 64, not 0"),
        (70_000, 64, "cores must be 1 to 64, not 70,000"),
        (-1, 2**64 - 1, r"cores must be 1 to 2\*\*64 - 1, not -1"),
        (0, 10**6, "cores must be 1 to 1,000,000, not 0"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(value: int, most: int, said: str) -> None:
    assert within("cores", 1, 1, most) == 1
    assert within("cores", most, 1, most) == most
    with pytest.raises(UserError, match=f"^{said}$"):
        within("cores", value, 1, most)
