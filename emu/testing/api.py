"""What the `emu` fixture can do: the commands of the same names, with their options as keywords, and results as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emu.boot.marks import parse_mark
from emu.boot.run import Watchers
from emu.boot.run import boot as run_boot
from emu.boot.spec import BootSpec
from emu.cli import boot_detail
from emu.compare import expectation
from emu.compare.comparison import Comparison
from emu.compare.paired import compare_pairs, plan_rows
from emu.description import load_machine
from emu.errors import CheckFailed, UserError
from emu.report.expectation_report import words
from emu.run import explore_run
from emu.run.experiment import run
from emu.run.experiment_spec import DEFAULT_MACHINE, DEFAULT_VARIANT, Experiment, Stall
from emu.run.extent import AUTO, Extent, checkers_off
from emu.run.hunt import Finding
from emu.run.result import RunResult
from emu.runner.runner import Runner, silent
from emu.subjects.ipc_msg.script.script import Script
from emu.subjects.ipc_msg.workload.plans import counted_as
from emu.subjects.ipc_msg.workload.pmsg_shared import NAME as DEFAULT_WORKLOAD
from emu.subjects.kernel.detail import DetailRun, run_detail
from emu.testing.evidence import TRACE_RECORDS, Evidence, of_comparison, of_run

CONSOLE_LINES = 20


@dataclass(frozen=True, slots=True)
class Exploration:
    """What became of the scenarios; `finding` is the first find, `replay` the string that `emu replay` takes."""

    explored: tuple[explore_run.Explored, ...]

    @property
    def finding(self) -> Finding | None:
        """What is wrong, if something is."""
        return self.explored[-1].hunted.finding

    @property
    def replay(self) -> str:
        """The schedule that shows it; empty without a find."""
        return self.explored[-1].replay

    @property
    def exhausted(self) -> bool:
        """Whether every schedule of every scenario has been looked at."""
        return all(each.hunted.exhausted for each in self.explored)


class Emu:
    """One test's; `evidence` is what it has run so far."""

    def __init__(self, jobs: int) -> None:
        """`jobs`: processes for what has many runs; no result depends on it."""
        self.evidence: list[Evidence] = []
        self._jobs = jobs

    def run(
        self,
        variant: str = DEFAULT_VARIANT,
        *,
        stalls: Sequence[str] = (),
        overrides: Mapping[str, float] | None = None,
        **figures: Any,
    ) -> RunResult:
        """Run one variant; `stalls` as `--stall` takes them, `overrides` as `--set`, the rest are `Experiment`'s fields."""
        experiment = _experiment(variant, stalls, overrides, figures)
        self.evidence.append(of_run(experiment))
        result = run(experiment)
        if result.stuck is not None:
            raise result.stuck.error
        return result

    def compare(
        self,
        a: str,
        b: str,
        *,
        threads: Sequence[int] = (4,),
        counting: str | None = None,
        seeds: int = 5,
        messages: int = 2000,
        stalls: Sequence[str] = (),
        overrides: Mapping[str, float] | None = None,
        **figures: Any,
    ) -> Comparison:
        """Run two variants in pairs, a row for each number of `threads`, which count what `--count` says."""
        given = {**figures, "messages": messages}
        counts = counted_as(given.get("workload", DEFAULT_WORKLOAD), counting)

        def pair(tasks: int) -> tuple[Experiment, Experiment]:
            one, other = (_experiment(each, stalls, overrides, {**given, "threads": tasks}) for each in (a, b))
            return one, other

        plans = plan_rows(threads, pair, seeds=seeds, counts=counts)
        self.evidence += of_comparison(plans)
        with Runner.local(self._jobs) as runner:
            comparison = compare_pairs(plans, runner)
        assert comparison is not None, "nobody stops it"
        if comparison.failed is not None:
            raise comparison.failed
        return comparison

    def expect(self, comparison: Comparison, *texts: str) -> None:
        """Fail unless what `emu compare --expect` takes holds, over all of each figure's 95 % interval."""
        rows = [row.threads for row in comparison.rows]
        wanted = [expectation.parse(text, expectation.OF_VARIANTS, rows) for text in texts]
        judged = expectation.judge_all(wanted, expectation.figures_of_rows(comparison))
        broken = [words(each) for each in judged if not each.holds]
        assert not broken, "\n".join(broken)

    def explore(
        self,
        variant: str = DEFAULT_VARIANT,
        scenarios: Sequence[str] = (),
        *,
        schedules: int = 2000,
        strategy: str = AUTO,
        also: Sequence[str] = (),
        without: Sequence[str] = (),
        machine: str = DEFAULT_MACHINE,
        seed: int = 1,
    ) -> Exploration:
        """Explore scenarios, all of them without names; the budget is in schedules, so that the answer is the same on any host."""
        chosen = _scenarios(scenarios)
        extent = Extent(strategy, schedules=schedules, seed=seed)
        off = checkers_off(also, without, explore_run.CHECKERS, explore_run.OPTIONAL, strategy)
        plan = explore_run.ExplorePlan(variant, chosen, machine, extent, off=off)
        with Runner.local(self._jobs) as runner:
            found = Exploration(tuple(explore_run.explore(plan, runner, silent)))
        if found.finding is not None:
            self.evidence.append(
                Evidence("explore", f"emu replay {found.replay}", f"{found.finding.checker}: {found.finding.summary}")
            )
        return found

    def boot(
        self,
        kernel: str | Path,
        *program: str | Path,
        start: str | None = None,
        stop: str | None = None,
        per: int | None = None,
        symbols: Path | None = None,
        cpus: int = 1,
        **figures: Any,
    ) -> DetailRun:
        """Boot a kernel with a program and its arguments; from the mark `start` on in full detail (`detail`), to `stop`.

        The rest are fields of `BootSpec`. `boot.exit_code` is the program's; a mark that does not come is a `CheckFailed`.
        """
        path = None if not program else Path(program[0])
        spec = BootSpec(Path(kernel), cpus, program=path, arguments=tuple(map(str, program[1:])), **figures)
        if start is None:
            result = run_boot(replace(spec, until=None if stop is None else parse_mark("stop", stop)), Watchers())
            said = "\n".join(result.console.decode(errors="replace").splitlines()[-CONSOLE_LINES:])
            self.evidence.append(Evidence("boot", f"emu {boot_detail.command(spec, None)}", said))
            return DetailRun(result, None)
        region = boot_detail.region(start, stop, None if per is None else str(per), symbols, "0", None)
        again = boot_detail.command(spec, region)

        def trace(to: Path) -> None:
            traced = replace(region, trace=to, trace_records=TRACE_RECORDS, overwrite=True, command=again)
            run_detail(spec, traced, load_machine(spec.machine), Watchers())

        self.evidence.append(Evidence("boot", f"emu {again}", trace=trace))
        found = run_detail(spec, region, load_machine(spec.machine), Watchers())
        if (missed := found.missed(region)) is not None:
            raise CheckFailed(missed)
        return found


def _experiment(
    variant: str, stalls: Sequence[str], overrides: Mapping[str, float] | None, figures: Mapping[str, Any]
) -> Experiment:
    return Experiment(
        variant=variant, stalls=tuple(Stall.parse(text) for text in stalls), overrides=tuple((overrides or {}).items()), **figures
    )


def _scenarios(names: Sequence[str]) -> tuple[Script, ...]:
    known = explore_run.scenarios()
    for name in names:
        if name not in known:
            raise UserError(f"scenario: wanted one of {', '.join(known)}, got {name!r}")
    return tuple(known[name] for name in names or known)
