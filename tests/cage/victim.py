"""A process to be attacked. It has the mark in its environment, its arguments and its memory, and says where.

Its argument is the mark. It prints the mark's address and a descriptor, and waits for the end of its input.
"""

import ctypes
import os
import sys


def main() -> None:
    memory = ctypes.create_string_buffer(sys.argv[1].encode())
    descriptor = os.memfd_create("victim")
    os.write(descriptor, sys.argv[1].encode())
    sys.stdout.write(f"{ctypes.addressof(memory)} {descriptor}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
