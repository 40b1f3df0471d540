"""What is read from files never reaches a terminal as anything but letters."""

import json

import pytest
from rich.text import Text

from emu.printable import printable, printable_in_colour
from emu.report.grid import grid as new_grid
from emu.report.page import page

HOSTILE = "a\x1b[31mb\x1b]0;title\x07c\rd\x9be\x7ff\u202eg\u2066h"
SPELT = r"a\u001b[31mb\u001b]0;title\u0007c\u000dd\u009be\u007ff\u202eg\u2066h"


def test_control_characters_are_spelt_out_and_letters_stay() -> None:
    assert printable(HOSTILE) == SPELT
    assert printable("größer\tλ\n█ 語") == "größer\tλ\n█ 語"


def test_json_stays_the_same_json() -> None:
    text = json.dumps({"name": HOSTILE}, ensure_ascii=False)
    assert json.loads(printable(text)) == {"name": HOSTILE}


@pytest.mark.parametrize("colour", [False, True])
def test_a_page_has_the_colours_that_it_sets_and_no_others(colour: bool) -> None:
    grid = new_grid("name", "value")
    grid.add_row(Text(HOSTILE), "1")
    text = page([Text("heading", style="bold"), grid], width=200, colour=colour)
    shown = printable_in_colour(text)
    assert SPELT.replace(r"\u0007", "").replace(r"\u000d", "") in shown, "Rich leaves out two of them itself"
    assert shown == text, "a page is printable as it is"
    assert ("\x1b[1mheading\x1b[0m" in shown) == colour
