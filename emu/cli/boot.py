"""`emu boot`: a real kernel to a program and to its exit status."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from emu.boot.ending import End
from emu.boot.guest_files import parse_file
from emu.boot.marks import FORMS, parse_mark
from emu.boot.result import BootResult
from emu.boot.spec import CPUS_MAX, IDENTITIES, MEMORY_DEFAULT_MIB, QUANTUM_DEFAULT, BootSpec
from emu.cli import boot_detail, boot_explore, debugging, options, terminal, together
from emu.cli.views import VIEWS, Lines, Locks, views
from emu.cli.watching import watching
from emu.errors import GuestFault, LimitReached

COUNTED, WRITTEN = ("--per", "--region-seed"), ("--trace", "--trace-limit", *VIEWS)
DETAIL = (*COUNTED, *WRITTEN)
REGION = ("--to", "--symbols", *DETAIL)
OF_SCHEDULES = ("--budget", "--jobs", "--explore-seed")
FILES = ("--file", "--busybox")
OF_MACHINES = ("--cpus", "--memory", "--append", "--machine", "--cpuid", "--quantum", "--seed", *FILES)
RUNS_ANEW = ("--max-instructions", "--until", "--json", "--verbose", "--checkpoint", "--at", "--no-cache", "--overwrite")
RUNS = (*RUNS_ANEW, "--restore")


@together.declare(
    together.Apart("--initrd", FILES, "what is in it is all that the guest has"),
    together.Apart("--dry-run", (*RUNS, "--from", *REGION), "nothing runs"),
    together.Apart("--from", ("--until", "--checkpoint", "--at"), "a region ends at --to, and cannot go on from there"),
    together.Apart("--from", ("--overwrite",), "it writes no file", unless=("--trace",)),
    together.Apart(
        "--gdb",
        (*WRITTEN, "--explore", *OF_SCHEDULES, "--until", "--checkpoint", "--at", "--overwrite", "--dry-run"),
        "a debugger says where the machine stops, and what is looked at",
    ),
    together.Apart("--gdb", COUNTED, "a debugger has the machine in the fast gear", unless=("--to",)),
    together.Apart(
        "--drgn",
        ("--gdb", "--to", *DETAIL, "--explore", *OF_SCHEDULES, "--until", "--checkpoint", "--at", "--overwrite", "--dry-run"),
        "drgn has the machine in the fast gear, where --from says",
    ),
    together.Needs(("--to", *DETAIL, "--explore"), "--from", "full detail begins at a mark, and so do schedules"),
    together.Needs(("--symbols",), "--from", "names are for a region, or for a debugger", unless=("--gdb", "--drgn")),
    together.Together(
        ("--gdb", "--drgn"),
        "any machine can be debugged, from wherever it stands",
        (*OF_MACHINES, "--from", "--symbols", "--initrd", "--restore", "--max-instructions", "--json", "--verbose", "--no-cache"),
    ),
    together.Needs(OF_SCHEDULES, "--explore", "it is a figure of the search for schedules"),
    together.Apart("--dry-run", ("--explore", *OF_SCHEDULES), "nothing runs"),
    together.Apart(
        "--explore",
        (*DETAIL, "--max-instructions", "--verbose", "--until", "--checkpoint", "--at", "--overwrite"),
        "schedules have no cycles, and are many",
    ),
    together.Together(("--explore", *OF_SCHEDULES), "each is one figure of the search"),
    together.Together(
        ("--explore", *OF_SCHEDULES),
        "a region of any machine is explored",
        (*OF_MACHINES, "--from", "--to", "--symbols", "--initrd", "--restore", "--json", "--no-cache"),
    ),
    together.Together(("--gdb",), "a debugger has a region in full detail, which is then shown", ("--to", *COUNTED)),
    together.Together(("--from", *REGION), "each says something else of the region"),
    together.Together(
        ("--from", *REGION),
        "a region of any machine, however it came there, is looked at",
        (*OF_MACHINES, "--initrd", "--restore", "--max-instructions", "--verbose", "--no-cache"),
    ),
    together.Together(("--json",), "an object has all of a region", ("--from", *(each for each in REGION if each not in VIEWS))),
    together.Apart("--restore", ("--no-cache",), "a snapshot is a beginning of its own, and keeps nothing"),
    together.Needs(("--trace-limit",), "--trace", "it bounds the records of a trace", unless=VIEWS),
    together.Apart("--json", VIEWS, "a view is text: --trace FILE, and `emu trace locks` or `lines` FILE --json"),
    together.Together(("--overwrite",), "the trace is a file", ("--from", *REGION)),
    together.Needs(("--checkpoint",), "--at", "a snapshot is written at a mark"),
    together.Needs(("--at",), "--checkpoint", "a mark alone writes nothing"),
    together.Needs(("--overwrite",), "--checkpoint", "no other file is written", unless=("--trace",)),
    together.Together(OF_MACHINES, "each is one figure of the machine, or a file of the guest's"),
    together.Together(("--dry-run",), "it says them", (*OF_MACHINES, "--initrd")),
    together.Together(RUNS_ANEW, "each is a bound, a beginning or an end of the run, or one form of what it gives"),
    together.Together(("--restore",), "they begin there", tuple(each for each in RUNS_ANEW if each != "--no-cache")),
    together.Together(RUNS, "any machine runs to any of them", (*OF_MACHINES, "--initrd")),
    together.Together(
        ("--initrd",),
        "an initramfs of the user's own runs in any machine",
        tuple(each for each in OF_MACHINES if each not in FILES),
    ),
)
def boot(
    kernel: Annotated[Path, typer.Argument(metavar="KERNEL", help="A vmlinux, a bzImage as in /boot, or a kernel tree.")],
    program: Annotated[
        list[str] | None, typer.Argument(metavar="[-- PROGRAM ARGS...]", help="A static ELF file or a script, and its arguments.")
    ] = None,
    cpus: Annotated[str, typer.Option("--cpus", "-p", metavar="N", help=f"Cores, 1 to {CPUS_MAX}.")] = "1",
    memory: Annotated[str, typer.Option("--memory", "-m", metavar="MIB", help="RAM.")] = str(MEMORY_DEFAULT_MIB),
    append: Annotated[str, typer.Option("--append", "-a", metavar="TEXT", help="More of the kernel's command line.")] = "",
    initrd: Annotated[Path | None, typer.Option(metavar="FILE", help="An initramfs of your own, with its /init.")] = None,
    machine: options.Machine = options.DEFAULT_MACHINE,
    cpuid: Annotated[
        str, typer.Option(metavar="WHO", help="What CPUID says: machine (the machine file's part), or generic, which boots faster.")
    ] = IDENTITIES[0],
    busybox: Annotated[Path | None, typer.Option(metavar="FILE", help="A static busybox: the guest's shell and tools.")] = None,
    file: Annotated[
        list[str] | None, typer.Option(metavar="HOST[:GUEST]", help="Put a file or a directory into the guest. Repeatable.")
    ] = None,
    quantum: Annotated[str, typer.Option(metavar="N", help="Instructions of a core's turn; few of them find races.")] = str(
        QUANTUM_DEFAULT
    ),
    seed: Annotated[str, typer.Option(metavar="N", help="Random turns of 1 to twice the quantum; 0: all alike.")] = "0",
    until: Annotated[str | None, typer.Option(metavar="MARK", help=f"Stop there: {FORMS}.")] = None,
    max_instructions: Annotated[
        str | None, typer.Option(metavar="N", help="Stop a guest that has not ended after N instructions of all cores.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="MARK", help="From there on in full detail: every cycle, lock and line.")
    ] = None,
    stop: Annotated[
        str | None,
        typer.Option("--to", metavar="MARK", help="To there; else to work_end, if it begins at work_begin, or to the end."),
    ] = None,
    per: Annotated[str | None, typer.Option(metavar="N", help="The region has N items: say how many a second.")] = None,
    symbols: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A System.map, for a kernel that has no symbols of its own.")
    ] = None,
    region_seed: Annotated[
        str, typer.Option(metavar="N", help="Put cores and timers off by up to 2,047 cycles at the region's begin; 0: not.")
    ] = "0",
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a trace of the region: every instruction, access and event.")
    ] = None,
    trace_limit: Annotated[
        str, typer.Option(metavar="N", help="End a region whose trace would have more records.")
    ] = options.TRACE_LIMIT_DEFAULT,
    locks: Locks = None,
    lines: Lines = False,
    gdb: Annotated[
        str | None,
        typer.Option(
            metavar="PORT",
            help="Let gdb have the machine at --from, or after the boot, forwards and backwards; with --to, in full detail, "
            "forwards (docs/debug.md).",
        ),
    ] = None,
    drgn: Annotated[
        Path | None,
        typer.Option(metavar="SCRIPT", help="Run a script of drgn's on the machine there; -: a prompt, or a script from stdin."),
    ] = None,
    explore: Annotated[
        str | None,
        typer.Option(
            metavar="STRATEGY:N",
            help="Run the region again and again, with other cores held up each time: N schedules by random, pct:D, pos or surw; "
            "or replay:STRING. Ends at --to or with the program (docs/explore-kernel.md).",
        ),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="60s|N", help="Explore no longer than so many seconds, or N schedules.")
    ] = None,
    jobs: Annotated[str, typer.Option(metavar="N", help="Processes that explore; the find does not depend on it.")] = "1",
    explore_seed: Annotated[str, typer.Option(metavar="N", help="Other schedules of the same strategy.")] = "0",
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a snapshot of the machine at the mark --at, and go on.")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="MARK", help="When to write it; a mark as for --until.")] = None,
    restore: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Begin from a snapshot, with the options that it was written with.")
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Boot from power-on, and keep nothing for the next time.")] = False,
    overwrite: options.Overwrite = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check everything, say what would be booted, and run nothing.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say on stderr what is done, and how much of it.")] = False,
    as_json: options.Json = False,
) -> None:
    """Boot a real kernel to user space, run a program there, and end with its exit status.

    The kernel is taken as it is. The guest's console is stdout. A panic or an oops is exit code 1, with what each core was doing.
    The same kernel, program, options and machine give the same run, instruction for instruction (docs/boot.md).

    \b
    Examples:
      emu boot ./vmlinux --cpus 4 -- ./my-benchmark 100
      emu boot /boot/vmlinuz --busybox /bin/busybox -- ./script.sh
      emu boot ./vmlinux -p 4 --from work_begin --per 1600 -- ./my-benchmark     every cycle, lock and line of it
      emu boot ~/linux --until user --verbose          the newest build of a kernel tree, to its first user instruction
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    bound = None if max_instructions is None else options.whole("max-instructions", max_instructions)
    spec = BootSpec(
        kernel=kernel,
        cpus=options.whole("cpus", cpus),
        memory_mib=options.whole("memory", memory),
        append=append,
        initrd=initrd,
        program=Path(program[0]) if program else None,
        arguments=tuple(program[1:]) if program else (),
        files=tuple(parse_file(each) for each in file or ()),
        busybox=busybox,
        machine=machine,
        identity=cpuid,
        quantum=options.whole("quantum", quantum),
        seed=options.whole("seed", seed),
        max_instructions=None if start is not None else bound,
        until=None if until is None else parse_mark("--until", until),
        checkpoint=checkpoint,
        at=None if at is None else parse_mark("--at", at),
        restore=restore,
        cache=not no_cache,
        overwrite=overwrite,
    )
    if dry_run:
        from emu.boot.describe import describe

        for line in describe(spec):
            terminal.show(line)
        return
    if gdb is not None and stop is not None:
        assert start is not None, "--to needs --from"
        region = boot_detail.region(start, stop, per, symbols, region_seed, max_instructions)
        boot_detail.run(spec, region, views(locks, lines), verbose=verbose, as_json=as_json, gdb=gdb)
        return
    if gdb is not None:
        spec = replace(spec, max_instructions=bound)
        result = debugging.run(spec, port=gdb, start=start, symbols=symbols, verbose=verbose, as_json=as_json)
        _show(result, verbose=verbose, as_json=as_json)
        return
    if drgn is not None:
        spec = replace(spec, max_instructions=bound)
        result = debugging.run_drgn(spec, script=drgn, start=start, symbols=symbols, verbose=verbose, as_json=as_json)
        _show(result, verbose=verbose, as_json=as_json)
        return
    if start is not None and explore is not None:
        boot_explore.run(
            spec,
            explore=explore,
            start=start,
            stop=stop,
            symbols=symbols,
            seed=explore_seed,
            budget=budget,
            jobs=jobs,
            as_json=as_json,
        )
        return
    if start is not None:
        shown = views(locks, lines)
        region = boot_detail.region(start, stop, per, symbols, region_seed, max_instructions)
        with shown.trace(trace) as written:
            traced = boot_detail.traced(region, spec, written, trace_limit)
            boot_detail.run(spec, traced, shown, verbose=verbose, as_json=as_json)
        return
    _show(_run(spec, verbose=verbose, as_json=as_json), verbose=verbose, as_json=as_json)


def _run(spec: BootSpec, *, verbose: bool, as_json: bool) -> BootResult:
    from emu.boot.run import boot as run_boot

    with watching(verbose=verbose, as_json=as_json) as watchers:
        return run_boot(spec, watchers, digest=as_json or verbose)


def _show(result: BootResult, *, verbose: bool, as_json: bool) -> None:
    if verbose:
        _tell(result)
    if as_json:
        terminal.show(json.dumps(result.to_dict(), indent=2))
    _judge(result)


def _tell(result: BootResult) -> None:
    rate = result.instructions_run / max(result.host_seconds, 1e-9) / 1e6
    terminal.complain(
        f"{result.ended.how.value} after {result.instructions} instructions, the first in ring 3 after {result.user_at}; "
        f"{result.host_seconds:.2f} s, {rate:.1f} M instructions a second; memory {result.memory_digest}"
    )
    terminal.complain(", ".join(f"{name} {count}" for name, count in result.counts.items()))
    for line in result.doing:
        terminal.complain(line)


def _judge(result: BootResult) -> None:
    """The exit code: the program's own; a kernel that broke is the guest's fault, with what each core was doing."""
    how, where = result.ended.how, "; ".join(result.doing)
    if how == End.STOPPED:
        raise typer.Exit(terminal.INTERRUPTED)
    if how == End.LIMIT:
        raise LimitReached(f"not over after {result.instructions} instructions (--max-instructions): {where}")
    if result.ended.status is None and result.exit_code:
        raise GuestFault(f"{WORDS[how]}: {where}")
    if result.exit_code:
        raise typer.Exit(result.exit_code)


WORDS = {
    End.PANIC: "the kernel panicked",
    End.OOPS: "the kernel reports a fault of its own (oops)",
    End.TRIPLE_FAULT: "triple fault: an exception in the kernel could not be delivered",
    End.STUCK: "all cores are halted, and no timer or interrupt will wake one",
}
