"""How a kernel comes into memory, and the tables that tell it of the machine."""
