"""How much a program takes with all that it started: looked at from outside, and held by the kernel's groups."""
