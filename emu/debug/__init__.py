"""A machine under a debugger: GDB's remote serial protocol, on the loopback interface alone, forwards and backwards."""
