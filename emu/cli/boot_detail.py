"""`emu boot --from MARK`: a region of a real kernel in full detail."""

import json
import shlex
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from emu.boot.ending import End
from emu.boot.full.measured import SPIN_LOCK
from emu.boot.result import BootResult
from emu.boot.spec import BootSpec
from emu.cli import debugging, options, terminal
from emu.cli.views import Views
from emu.cli.watching import watching
from emu.errors import CheckFailed, UserError

if TYPE_CHECKING:
    from emu.subjects.kernel.detail import DetailRun, RegionSpec
    from emu.subjects.kernel.result import DetailResult

OF_SPEC = (
    ("--memory", "memory_mib"), ("--append", "append"), ("--initrd", "initrd"), ("--machine", "machine"), ("--cpuid", "identity"),
    ("--busybox", "busybox"), ("--quantum", "quantum"), ("--seed", "seed"), ("--restore", "restore"),
)  # fmt: skip


def region(
    start: str, stop: str | None, per: str | None, symbols: Path | None, seed: str, max_instructions: str | None
) -> "RegionSpec":
    """What the options say of a region."""
    from emu.subjects.kernel.detail import INSTRUCTIONS_MAX, RegionSpec, region_marks

    begin, end = region_marks(start, stop)
    items = None if per is None else options.whole("per", per)
    if items is not None and items < 1:
        raise UserError(f"--per must be at least 1, not {items}")
    if symbols is not None and not symbols.is_file():
        raise UserError(f"--symbols {symbols}: there is no such file; give the System.map of the kernel's build")
    put_off = options.whole("region-seed", seed)
    if not 0 <= put_off < 2**63:
        raise UserError(f"--region-seed must be 0 to 2**63 - 1, not {put_off}")
    bound = INSTRUCTIONS_MAX if max_instructions is None else options.whole("max-instructions", max_instructions)
    return RegionSpec(begin, end, items, symbols, bound, put_off)


def traced(region: "RegionSpec", spec: BootSpec, trace: Path | None, limit: str) -> "RegionSpec":
    """A region with the trace that is asked for, if one is."""
    records = options.whole("trace-limit", limit)
    if records < 1:
        raise UserError(f"--trace-limit must be at least 1, not {records}")
    return replace(region, trace=trace, trace_records=records, overwrite=spec.overwrite, command=command(spec, region))


def command(spec: BootSpec, region: "RegionSpec | None") -> str:
    """The command line that does it again, without the program's name: what is at its default may be left out."""
    default = BootSpec(spec.kernel, spec.cpus)
    words = ["boot", str(spec.kernel), "--cpus", str(spec.cpus)]
    for option, name in OF_SPEC:
        words += [option, str(getattr(spec, name))] if getattr(spec, name) != getattr(default, name) else []
    words += [word for each in spec.files for word in ("--file", f"{each.host}:{each.guest}")]
    if region is not None:
        words += ["--from", str(region.start)]
        words += ["--to", str(region.stop)] if region.stop is not None else []
        words += ["--symbols", str(region.symbols)] if region.symbols is not None else []
        words += ["--region-seed", str(region.seed)] if region.seed else []
    words += ["--", str(spec.program), *spec.arguments] if spec.program is not None else []
    return shlex.join(words)


def run(spec: BootSpec, region: "RegionSpec", shown: Views, *, verbose: bool, as_json: bool, gdb: str | None = None) -> None:
    """Run it, and print its report, its JSON or a view; a region that does not come to its end is a failed check."""
    from emu.description import load_machine
    from emu.subjects.kernel.detail import run_detail

    description = load_machine(spec.machine)
    with watching(verbose=verbose, as_json=as_json) as watchers:
        if gdb is None:
            found = run_detail(spec, region, description, watchers)
        else:
            found = debugging.run_detail(spec, region, description, gdb, watchers)
    if found.detail is not None:
        if shown and region.trace is not None:
            shown.show(region.trace, [lock for lock in found.detail.locks if lock.kind != SPIN_LOCK])
        elif as_json:
            terminal.show(json.dumps(region_dict(found.boot, found.detail), indent=2))
        else:
            from emu.report.kernel_report import render_kernel

            terminal.show_page(partial(render_kernel, found.detail))
    _judge(found, region)


def region_dict(boot: BootResult, detail: "DetailResult") -> dict[str, Any]:
    """What --json prints: what is known of the boot, and the region, whose keys go before the boot's."""
    from emu.subjects.kernel.result import SCHEMA

    known = boot.to_dict()
    whole = {name: value for name, value in known.items() if name not in ("cores", "clock")}
    return {**whole, "doing": known["cores"], **detail.to_dict(), "schema": SCHEMA}


def _judge(found: "DetailRun", region: "RegionSpec") -> None:
    if found.boot.ended.how == End.STOPPED:
        raise typer.Exit(terminal.INTERRUPTED)
    missed = found.missed(region)
    if missed is not None:
        raise CheckFailed(missed)
    if found.boot.exit_code:
        raise typer.Exit(found.boot.exit_code)
