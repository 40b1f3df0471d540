"""The processor under the tests against the emulated one."""
