"""What the tests share: machines, oracles, canned results. Tests import it as `bench`, from `tests/` on the path (pyproject)."""
