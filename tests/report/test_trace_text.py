"""Traces as text: every record a line, filters, the cut of one hand-off."""

from pathlib import Path

import numpy as np
import pytest

from bench.report.canned import header, script, write_trace
from emu.errors import UserError
from emu.report.trace_text import outline_lines, trace_lines
from emu.subjects.ipc_msg.hand_off import find_hand_off
from emu.trace.file import TraceFile, TraceWriter
from emu.trace.record import Kind, State
from emu.trace.select import parse_cycles, select
from emu.trace.words import short_instruction, short_value


@pytest.fixture
def trace(tmp_path: Path) -> TraceFile:
    return TraceFile(write_trace(tmp_path / "t.trace"))


def shown(trace: TraceFile, **filters) -> list[str]:
    """The records' lines, without the preface and without second lines."""
    return [line for line in trace_lines(trace, select(trace.header, **filters)) if line[8].isdigit()]


@pytest.mark.parametrize("variant", ["baseline", "wakeq"])
@pytest.mark.parametrize(("form", "lines"), [("show", trace_lines), ("outline", outline_lines)])
def test_golden(golden, tmp_path: Path, variant, form, lines):
    trace = TraceFile(write_trace(tmp_path / "t.trace", variant))
    chosen = select(trace.header, cut=find_hand_off(trace, 1))
    golden(f"trace_{form}_{variant}.txt", "\n".join(lines(trace, chosen)) + "\n")


def test_a_line_a_record_but_for_drained_stores(trace):
    assert len(shown(trace)) == trace.record_count - 1


def test_lines_fit_a_mail(trace):
    assert max(map(len, trace_lines(trace, select(trace.header)))) <= 100


def test_an_operand_that_does_not_fit_has_a_line_of_its_own(trace):
    lines = list(trace_lines(trace, select(trace.header)))
    assert "; queue.q_perm.lock<>0x1; remote line" in [line.strip() for line in lines]


def test_wide_lines_hold_everything(trace):
    lines = list(trace_lines(trace, select(trace.header), width=160))
    assert any("lock cmpxchg dword [rdi], esi ; queue.q_perm.lock<>0x1; remote line" in line for line in lines)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"cores": [1]}, 10),
        ({"tasks": ["pmsg/0"]}, 14),
        ({"tasks": ["0"]}, 14),
        ({"tasks": ["idle"]}, 4),
        ({"symbols": ["do_msg*"]}, 10),
        ({"symbols": ["do_msgsnd", "do_msgrcv"]}, 10),
        ({"symbols": ["do_msgsnd"], "events": ["lock"]}, 2),
        ({"symbols": ["do_msgrcv"], "events": ["lock"]}, 0),
        ({"cycles": "1003:1043"}, 6),
        ({"cycles": ":1000"}, 0),
        ({"events": ["lock"]}, 2),
        ({"events": ["store"]}, 1),
        ({"events": ["wakeup"]}, 1),
        ({"events": ["spin", "stall"]}, 3),
        ({"events": ["all"]}, 13),
        ({"events": ["all"], "cores": [0]}, 6),
    ],
)
def test_filters(trace, filters, count):
    lines = shown(trace, **filters)
    assert len(lines) == count, "\n".join(lines)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"cores": [2]}, "cores 0 to 1, not 2"),
        ({"tasks": ["init"]}, "tasks pmsg/0 to pmsg/1 or idle, not 'init'"),
        ({"symbols": ["nosuch"]}, "no routine in the trace is called 'nosuch'"),
        ({"events": ["boom"]}, "event must be one of lock, spin,"),
        ({"cycles": "5"}, "must be FROM:TO"),
        ({"cycles": "9:5"}, "FROM not above TO"),
        ({"cycles": "a:5"}, "must be FROM:TO"),
    ],
)
def test_refusals(trace, filters, words):
    with pytest.raises(UserError, match=r"\A[^\n]*\Z") as refused:
        select(trace.header, **filters)
    assert words in str(refused.value)


def test_cycles_may_be_open():
    assert parse_cycles("7:") == (7, 2**62)
    assert parse_cycles(":7") == (0, 7)


def test_hand_off_begins_at_the_entry_and_ends_in_user_mode(trace):
    lines = shown(trace, cut=find_hand_off(trace, 1))
    assert "sys_msgsnd+0x0" in lines[0]
    assert "pmsg/1 u pmsg_shared" in lines[-1]
    assert sum("pmsg/0 u" in line for line in lines) == 1  # the sender is back, and no more of it
    assert not any("halts" in line for line in lines)  # before the entry


def test_a_release_that_becomes_visible_late_belongs_to_it(trace, tmp_path):
    rows = script(header()).records()
    released = int(np.flatnonzero(rows["kind"] == int(Kind.LOCK_RELEASED))[0])
    back = int(np.flatnonzero((rows["task"] == 0) & (rows["state"] == int(State.USER)) & (np.arange(len(rows)) > released))[0])
    late = np.concatenate([rows[:released], rows[released + 1 : back + 1], rows[released : released + 1], rows[back + 1 :]])
    with TraceWriter(tmp_path / "late.trace", header()) as writer:
        writer.append(late)
        writer.close()
    found = TraceFile(tmp_path / "late.trace")
    assert shown(found, cut=find_hand_off(found, 1)) == shown(trace, cut=find_hand_off(trace, 1))


@pytest.mark.parametrize(("number", "words"), [(0, "counted from 1"), (2, "has 1 hand-offs, not 2")])
def test_no_such_hand_off(trace, number, words):
    with pytest.raises(UserError, match=words):
        find_hand_off(trace, number)


def test_hand_off_across_chunks_is_the_same(trace, tmp_path, monkeypatch):
    whole = find_hand_off(trace, 1)
    monkeypatch.setattr("emu.trace.file.CHUNK_RECORDS", 3)
    pieces = TraceFile(write_trace(tmp_path / "pieces.trace"))
    assert find_hand_off(pieces, 1) == whole
    assert shown(pieces, cut=whole) == shown(trace, cut=whole)


def test_outline_counts_instructions_and_cycles(trace):
    lines = list(outline_lines(trace, select(trace.header)))
    assert any(line.split() == ["1134", "0", "pmsg/0", "k", "2", "2", "do_msgsnd+0x10"] for line in lines)


def test_script_is_as_long_as_it_says():
    assert len(script(header()).records()) == 25


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0x0"), (0xFFFF880000602000, "..00602000"), (0xFFFFFFFF80100000, "..80100000"), (2**63, "0x8000000000000000")],
)
def test_short_value(value, text):
    assert short_value(value) == text


def scrambled(tmp_path: Path, monkeypatch, chunk: int) -> TraceFile:
    """A trace whose records are of cycles that go up and down, as cores that act in turn write them."""
    monkeypatch.setattr("emu.trace.file.CHUNK_RECORDS", chunk)
    rows = script(header()).records()
    rows["cycle"] += np.array([0, 400, 0, 90, 0, 0, 700, 5])[np.arange(len(rows)) % 8]
    with TraceWriter(tmp_path / f"{chunk}.trace", header()) as writer:
        writer.append(rows)
        writer.close()
    return TraceFile(tmp_path / f"{chunk}.trace")


@pytest.mark.parametrize("form", [trace_lines, outline_lines])
def test_time_order_whatever_the_chunks(tmp_path, monkeypatch, form):
    pages = []
    for chunk in (1, 2, 7, 1000):
        trace = scrambled(tmp_path, monkeypatch, chunk)
        page = [line for line in form(trace, select(trace.header)) if line[8].isdigit()]
        cycles = [int(line.split()[0]) for line in page]
        assert cycles == sorted(cycles)
        pages.append(page)
    assert all(page == pages[0] for page in pages)
    rows = trace.records()
    assert len(pages[0]) == len(rows) - 1 or form is outline_lines
    assert sorted(rows["cycle"].tolist()) != rows["cycle"].tolist()


def test_the_page_says_which_time_it_is(trace):
    assert any(
        "in time order: an instruction is at the cycle when it retires" in line for line in trace_lines(trace, select(trace.header))
    )


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"cycles": ":1"}, "# nothing: of 25 records none passes; --cycles alone lets 0 pass"),
        ({"cores": [1], "events": ["lock"]}, "none passes; --core alone lets 10 pass, --event alone lets 2 pass"),
        ({"tasks": ["idle"], "symbols": ["do_msgsnd"]}, "--task alone lets 4 pass, --symbol alone lets 9 pass"),
    ],
)
@pytest.mark.parametrize("form", [trace_lines, outline_lines])
def test_an_empty_selection_says_so(trace, filters, words, form):
    page = list(form(trace, select(trace.header, **filters), width=140))
    assert words in page[-1]
    assert page[-1].startswith("# ")


def test_an_empty_trace_says_so(tmp_path):
    with TraceWriter(tmp_path / "empty.trace", header()) as writer:
        writer.close()
    trace = TraceFile(tmp_path / "empty.trace")
    assert list(trace_lines(trace, select(trace.header)))[-1] == "# nothing: the trace has no records"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call 0xffffffff80100040", "call do_msgsnd"),
        ("jne 0xffffffff80100050", "jne do_msgsnd+0x10"),
        ("jmp 0x12345", "jmp 0x12345"),
        ("call rax", "call rax"),
        ("call qword ptr [rax + 8]", "call [rax+8]"),
        ("mov rax, 0xffffffff80100040", "mov rax, 0xffffffff80100040"),
    ],
)
def test_where_a_branch_goes(text, shown):
    assert short_instruction(text, header()) == shown


@pytest.mark.parametrize("width", [60, 61, 80, 100, 140])
@pytest.mark.parametrize("form", [trace_lines, outline_lines])
def test_nothing_is_lost_at_any_width(trace, width, form):
    whole = [line for line in form(trace, select(trace.header), width=1000) if not line.startswith("#")]
    page = [line for line in form(trace, select(trace.header), width=width) if not line.startswith("#")]
    assert max(map(len, page)) <= width
    if width >= 80:  # below, the middle of a routine's name is left out
        assert "".join("".join(page).split()) == "".join("".join(whole).split())
    values = [word for line in whole for word in line.split() if "=" in word or word.isdigit()]
    assert [word for line in page for word in line.split() if "=" in word or word.isdigit()] == values
