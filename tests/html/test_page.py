"""The page as a file: it fetches nothing, is small, takes nothing of a run for HTML; what cannot be a page is said in a line."""

import json
import re
from dataclasses import replace

import pytest

from bench.report.canned import STALLED, WAKEQ
from emu.cli.main import main
from emu.html.sides import Side, read_sides
from emu.html.write import page_of
from emu.run.saved_result import result_of


def quietly(done, total):
    pass


def test_it_names_no_place_to_fetch_from(page):
    text = page.read_text()
    assert not re.findall(r"https?:|src=|@import|url\(|<link|<iframe|fetch\(|XMLHttp|WebSocket", text)
    assert "default-src 'none'" in text
    assert len(text) < 500_000


def test_the_story_of_the_patch_is_told_in_its_first_lines(page):
    (short,) = re.findall(r"<h2>In short</h2>(.*?)</section>", page.read_text(), re.DOTALL)
    assert "what changed most is lock wait" in short
    assert re.search(r"Under it baseline makes 38 of 46 wakeups, wakeq 0 of 46: the wakeup left the section", short)


def test_traces_alone_and_results_alone_are_pages_too(made, sides):
    drawn = page_of([replace(side, result=None) for side in sides])
    assert "messages a second, baseline" not in drawn
    assert "by state" in drawn
    assert "by cause" not in drawn
    told = page_of(read_sides([made[0].json, made[1].json], quietly))
    assert "messages a second, baseline" in told
    assert "by cause" in told
    assert '<script type="application/json" id="data">[]</script>' in told
    alone = page_of(read_sides([made[1].trace], quietly))
    assert "q_perm.lock cost most waiting" in alone


def test_nothing_of_a_run_is_taken_for_html():
    evil = "<script>alert(1)</script><!--DATA-->"
    text = page_of([Side(evil, None, replace(WAKEQ, variant=evil, trace_digest=evil))])
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;!--DATA--&gt;" in text


@pytest.mark.parametrize("result", [WAKEQ, STALLED, replace(WAKEQ, overrides={"l1d.ways": 2}, queues=None)])
def test_a_result_is_read_back_as_it_was(result):
    assert result_of(json.loads(json.dumps(result.to_dict()))).to_dict() == result.to_dict()


def changed(name, value):
    return lambda text: json.dumps({**json.loads(text), name: value})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:50], "neither a trace nor JSON"),
        (lambda text: "[]", "(emu-boot-detail/1), got JSON without a schema"),
        (
            lambda text: '{"schema": "emu-compare/1"}',
            "(emu-run/1) or `emu boot --from --json` prints (emu-boot-detail/1), got emu-compare/1",
        ),
        (lambda text: '{"schema": "emu-run/1"}', "not what `emu run --json` prints: there is no 'cores'"),
        (changed("messages", "many"), "not what `emu run --json` prints: messages is 'many'"),
        (changed("workload", "none"), "not what `emu run --json` prints: workload must be one of"),
        (changed("cycles", 5), "the trace and the result of baseline have one digest and different cycles"),
    ],
)
def test_a_result_that_is_none_is_said_and_nothing_is_written(capsys, tmp_path, made, change, words):
    path, page = tmp_path / "r.json", tmp_path / "p.html"
    path.write_text(change(made[0].json.read_text()))
    assert main(["report", str(made[0].trace), str(path), "--html", str(page)]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert list(tmp_path.iterdir()) == [path]


def test_what_belongs_to_no_page_is_said(capsys, tmp_path, made):
    page, damaged, text = tmp_path / "p.html", tmp_path / "d.trace", tmp_path / "t.trace"
    content = bytearray(made[0].trace.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    text.write_text("no trace")
    third = tmp_path / "third.json"
    third.write_text(json.dumps(WAKEQ.to_dict()))
    for arguments, words in (
        ([made[0].trace, made[0].trace], "the same run is named twice"),
        ([made[0].trace, made[1].json, third], "3 runs: a page shows one, or two beside each other"),
        ([damaged], "fails its checksum"),
        ([text], "neither a trace nor JSON"),
        ([tmp_path / "none"], "cannot be read: No such file"),
        ([tmp_path], "cannot be read: Is a directory"),
    ):
        assert main(["report", *map(str, arguments), "--html", str(page)]) == 2, arguments
        assert words in capsys.readouterr().err
        assert not page.exists()
    page.write_text("mine")
    assert main(["report", str(third), "--html", str(page)]) == 2
    assert page.read_text() == "mine"
    assert main(["report", str(third), "--html", str(page), "--overwrite"]) == 0
    assert page.read_text().startswith("<!doctype html>")
