"""The whole backend in one process, in virtual time, with every fault: decided by a seed."""
