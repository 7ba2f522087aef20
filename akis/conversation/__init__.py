"""Several commands as one generator, without any I/O."""
