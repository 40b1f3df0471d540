"""The command `emu`: the only package that prints, parses arguments or reads the environment."""
