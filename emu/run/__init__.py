"""Experiment in, RunResult out: what a run is asked to do, what it measured, and the run itself.

`experiment_spec.Experiment` and `result.RunResult` are plain values that reports and tests can use without a machine.
"""
