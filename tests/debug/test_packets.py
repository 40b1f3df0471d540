"""Packets of gdb's protocol, cut out of what comes in."""

import pytest

from emu.debug.packets import HELD_MAX, Garbage, Stream, framed, unescape


@pytest.mark.parametrize("content", [b"", b"m0,8", b"a#b$c}d*", bytes(range(256))])
def test_what_is_framed_is_read_again_in_whatever_pieces_it_comes(content: bytes) -> None:
    stream = Stream()
    for each in b"+" + framed(content):
        assert stream.next() is None
        stream.feed(bytes((each,)))
    assert stream.next() == (content, True)
    assert stream.next() is None


@pytest.mark.parametrize("packet", [b"$g#68", b"$g#zz"])
def test_a_wrong_checksum_is_told(packet: bytes) -> None:
    stream = Stream()
    stream.feed(packet + b"$g#67")
    assert stream.next() == (b"g", False)
    assert stream.next() == (b"g", True)


def test_ctrl_c_is_seen_while_nobody_asks_for_packets() -> None:
    stream = Stream()
    stream.feed(b"+\x03$c#63")
    assert stream.look_for_interrupt()
    assert stream.next() == (b"c", True)


@pytest.mark.parametrize("content", [b"GET / HTTP/1.1\r\n", b"$" + b"m" * HELD_MAX])
def test_what_is_no_protocol_is_garbage(content: bytes) -> None:
    stream = Stream()
    with pytest.raises(Garbage):
        stream.feed(content)
        stream.next()


def test_an_escape_at_the_end_says_nothing() -> None:
    assert unescape(b"a}") == b"a"
