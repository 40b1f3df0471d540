"""Files of real kernels and programs: ELF, bzImage, what is packed in one, symbols and types. Nothing here knows a machine."""
