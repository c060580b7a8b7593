"""The local stack: the emulator suite, the vendors' stand-ins and the commands of the Makefile."""
