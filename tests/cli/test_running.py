"""The options of commands that run many, and `emu store`: what was run is there the next time, and what is wrong is said."""

import csv
import hashlib
import json
from pathlib import Path

import pytest

from bench.litmus.texts import MP, SB, write
from emu.cli.main import main
from emu.runner.store import Store

COMPARE = ["compare", "baseline", "wakeq", "--threads", "2", "--seeds", "1", "--messages", "8", "--jobs", "1"]


def emu(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(each) for each in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "results"


def test_a_comparison_is_made_once(store, capsys):
    there = f"emu: store {store}: {{}} of 2 results were there; {{}} were made{{}}\n"
    code, first, err = emu(capsys, *COMPARE, "--store", store, "--json")
    assert (code, err) == (0, there.format(0, 2, ""))
    assert emu(capsys, *COMPARE, "--store", store, "--json") == (0, first, there.format(2, 0, ""))
    assert emu(capsys, *COMPARE, "--store", store, "--json", "--verify", "1%") == (
        0,
        first,
        there.format(2, 1, ", 1 of them again"),
    )
    damaged = next(each.path for each in Store(store).entries())
    content = damaged.read_text()
    damaged.write_text(content[:-20])
    code, listed, err = emu(capsys, "store", "list", store)
    assert code == 1
    assert "run" in listed and "(this one)        1" in listed
    assert err.splitlines()[0] == f"emu: {damaged}: its content is not what its first line says"
    body = content.splitlines()[1].replace('"boot_cycles":', '"boat_cycles":').encode()  # its checksum put right
    damaged.write_bytes(f"emu-store/1 {hashlib.sha256(body).hexdigest()}\n".encode() + body)
    code, _, err = emu(capsys, "store", "list", store)
    assert (code, err.splitlines()[0]) == (1, f"emu: {damaged}: its answer is none: there is no 'boot_cycles'")
    damaged.write_text(content[:-20])
    code, again, err = emu(capsys, *COMPARE, "--store", store, "--json")
    assert (code, again) == (0, first)
    assert err.splitlines()[1] == f"emu: damaged, and not used: {damaged}: its content is not what its first line says"
    assert emu(capsys, "store", "list", store)[0] == 0
    (shelf,) = json.loads(emu(capsys, "store", "list", store, "--json")[1])["shelves"]
    assert (shelf["kind"], shelf["this_emu"], shelf["results"]) == ("run", True, 2)
    table = store.parent / "t.csv"
    assert emu(capsys, "store", "export", store, "-o", table) == (0, "", f"emu: 2 results in {table}\n")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert {row["question.variant"] for row in rows} == {"baseline", "wakeq"}
    assert all(int(row["answer.cycles"]) > 0 and int(row["answer.locks.q_perm.lock.acquisitions"]) > 0 for row in rows)


def test_a_result_that_comes_out_otherwise_is_a_failure(store, tmp_path, capsys):
    write(tmp_path / "tests", sb=SB, mp=MP)
    litmus = ["litmus", tmp_path / "tests", "--jobs", "1", "--store", store]
    assert emu(capsys, *litmus)[0] == 0
    (entry,) = Store(store).entries()
    entry.answer[0]["states_explored"] += 1
    Store(store).put(entry.question, entry.answer)
    code, _, err = emu(capsys, *litmus, "--verify", "100%")
    assert code == 1
    assert "not as it was kept: " in err
    assert f"[0].states_explored was {entry.answer[0]['states_explored']}, and is " in err
    assert err.endswith("emu: 1 of 1 results that were made again differ from those that are kept\n")


def test_shards_by_hand_and_by_slurm(store, monkeypatch, capsys):
    code, out, _ = emu(capsys, *COMPARE, "--store", store, "--shard", "2/2", "--json")
    assert (code, json.loads(out)) == (
        0,
        {"schema": "emu-shard/1", "shard": "2/2", "store": str(store), "calls": 1, "kept": 0, "done": 1},
    )
    for name, value in {"ID": "7", "COUNT": "2", "MIN": "7", "MAX": "8"}.items():
        monkeypatch.setenv(f"SLURM_ARRAY_TASK_{name}", value)
    code, out, _ = emu(capsys, *COMPARE, "--store", store)
    assert (code, out) == (0, f"shard 1/2: its 1 results are in {store}; the command without --shard has all of them\n")
    code, out, err = emu(capsys, *COMPARE, "--store", store, "--shard", "1/1")
    assert "wakeq" in out
    assert err == f"emu: store {store}: 2 of 2 results were there; 0 were made\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*COMPARE, "--verify", "5%"], "--verify has no meaning without --store"),
        ([*COMPARE, "--shard", "1/2"], "--shard has no meaning without --store"),
        (
            [*COMPARE, "--store", "STORE", "--verify", "0"],
            "verify must be a percentage, more than 0 and up to 100, such",
        ),
        ([*COMPARE, "--store", "STORE", "--verify", "nan"], "verify must be a percentage"),
        ([*COMPARE, "--store", "STORE", "--shard", "3/2"], "shard must be 1/N to N/N, N up to 1,000,000, not 3/2"),
        ([*COMPARE, "--cluster", "tcp://x:1"], "--jobs has no meaning with --cluster: a cluster has the workers that it has"),
        (["explore", "--store", "STORE"], "--store keeps what no clock decides: give --budget as a number of schedules"),
        (["store", "list", "STORE"], "there is no store; --store DIR of a command that runs many makes one"),
        (["store", "export", "STORE", "-o", "t.xlsx"], "--out must end in .csv or .parquet, not 't.xlsx'"),
    ],
)
def test_what_cannot_be_is_refused(arguments, words, store, capsys):
    code, out, err = emu(capsys, *(str(store) if each == "STORE" else each for each in arguments))
    assert (code, out) == (2, "")
    assert words in err


def test_a_table_of_a_kind_that_is_not_there(store, capsys):
    Store(store)
    code, _, err = emu(capsys, "store", "export", store, "-o", store.parent / "t.csv", "--kind", "litmus")
    assert code == 2
    assert f"store {store}: no result of the kind 'litmus' by this emu; `emu store list {store}` lists" in err
