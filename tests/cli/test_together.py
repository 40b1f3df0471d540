"""Every two options of every command: refused together, or said to take effect together, and why."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from typer.main import get_command

from emu.cli.main import app, main
from emu.cli.together import Apart, Command, Needs, Rule, Together, check
from emu.errors import UserError


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The commands below one, by what is typed."""
    for each, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{name} {each}")
    if not hasattr(command, "commands"):
        yield name, command


ALL = dict(commands(get_command(app), "emu"))


def options_of(command: Any) -> list[str]:
    return [
        next(name for name in each.opts if name.startswith("--")) for each in command.params if each.param_type_name == "option"
    ]


def with_what_they_need(rules: tuple[Rule, ...], given: frozenset[str]) -> frozenset[str]:
    lacking = [rule for rule in rules if isinstance(rule, Needs) and not given.intersection(rule.unless)]
    needed = {rule.needed for rule in lacking if given.intersection(rule.options)}
    return given if needed <= given else with_what_they_need(rules, given | needed)


def refused(rules: tuple[Rule, ...], given: frozenset[str]) -> bool:
    try:
        check(rules, with_what_they_need(rules, given))
    except UserError:
        return True
    return False


def judge(name: str, rules: tuple[Rule, ...], options: list[str]) -> list[str]:
    """What is wrong with the declarations of a command."""
    declared = {pair for rule in rules if isinstance(rule, Together) for pair in rule.pairs()}
    wrong = []
    thirds = {third for rule in rules if isinstance(rule, Apart | Needs) for third in rule.unless}
    for pair in map(frozenset, combinations(options, 2)):
        words = f"{name} {' '.join(sorted(pair))}"
        if all(refused(rules, pair | {third}) for third in (*pair, *thirds)):
            if pair in declared:
                wrong.append(f"{words}: refused, and declared to take effect together")
        elif pair not in declared:
            wrong.append(f"{words}: nowhere declared")
    known = {*options, "CYCLE", "MACHINE=host"}
    for rule in rules:
        named = [rule.options, rule.others] if isinstance(rule, Together) else []
        wrong += [f"{name}: there is no {each}" for group in named for each in group if each not in known]
    return wrong


@pytest.mark.parametrize("name", ALL)
def test_every_pair_is_refused_or_declared(name):
    command = ALL[name]
    assert isinstance(command, Command)
    assert judge(name, command.rules, options_of(command)) == []


def test_the_judge_can_fail():
    options = ["--a", "--b", "--c"]
    both = Together(("--a", "--b"), "they go together")
    rest = Apart("--c", ("--a", "--b"), "it is another thing")
    assert judge("x", (both, rest), options) == []
    assert judge("x", (both,), options) == ["x --a --c: nowhere declared", "x --b --c: nowhere declared"]
    wrong = Together(("--a", "--c", "--d"), "not so")
    assert judge("x", (both, rest, wrong), options) == [
        "x --a --c: refused, and declared to take effect together",
        "x: there is no --d",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--script", "x", "--seed", "1"], "--seed has no meaning with --script: the script says which tasks there are"),
        (["run", "--script", "x", "--cores", "4"], "--cores has no meaning with --script"),
        (["run", "--script", "x", "--tick", "0"], "--tick has no meaning with --script"),
        (["run", "--script", "x", "--trace-limit", "5"], "--trace-limit has no meaning with --script"),
        (
            ["run", "--trace-limit", "5"],
            "--trace-limit has no meaning without --trace or --locks or --lines: it bounds the records of a trace; add",
        ),
        (["run", "--seed", "1", "--cores", "2", "--seed", "2"], "--seed is given twice: only one of them could count"),
        (["run", "--overwrite"], "--overwrite has no meaning without --trace: no other file is written"),
        (["calibrate", "--overwrite"], "--overwrite has no meaning without --plot or host: no other file is written"),
        (["run", "--preempt", ""], "preempt must be one of none, rt, not ''"),
        (["compare", "baseline", "wakeq", "--messages", ""], "messages must be a whole number, not ''"),
        (["calibrate", "a10-7800", "--template", "a10-7800"], "--template has no meaning without host"),
        (["calibrate", "--out", "x.toml"], "--out has no meaning without host: of an emulated machine there is a file already"),
        (["diy", "PodWR Fre PodWR Fre", "--edges", ""], "--edges has no meaning without --all: one cycle is printed"),
        (["diy", "--all", "--edges", "", "--output", "x"], "got ''"),
        (["diy", "--all", "--size", "", "--output", "x"], "size must be a whole number, not ''"),
        (["diy", "PodWR Fre PodWR Fre", "--all", "--output", "x"], "--all has no meaning with CYCLE"),
        (["stress", "--replay", "x", "--seed", "1"], "--seed has no meaning with --replay: the file says which operations run"),
        (["coverage", "--script", "x", "--cores", "2"], "add --workload, or remove one of them"),
        (["coverage", "--read", "x", "--machine", "a10-7800"], "add --workload or --script, or remove one of them"),
        (["litmus", "x", "--json", "--verbose"], "--verbose has no meaning with --json"),
        (["machines", "show", "a10-7800", "--toml", "--json"], "--json has no meaning with --toml: they are two forms"),
        (["machines", "show", "a10-7800", "--json", "--json"], "--json is given twice"),
        (["trace", "show", "x", "--event", "lock", "--outline"], "--outline has no meaning with --event"),
    ],
)
def test_refused_before_anything_is_read(capsys, arguments, words):
    code = main(arguments)
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert words in captured.err
    assert captured.err.count("\n") == 1


def test_an_option_that_may_be_repeated_may_be(capsys):
    assert main(["trace", "show", "/nonexistent", "--core", "1", "--core", "2"]) == 2
    assert "cannot read trace" in capsys.readouterr().err
