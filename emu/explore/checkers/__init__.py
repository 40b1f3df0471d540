"""Checkers: each looks at every access of every core, or at how a schedule ends, and says what is wrong there."""
