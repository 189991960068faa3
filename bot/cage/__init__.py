"""Where foreign programs run: what a pull request has them do reaches nothing but what its project may.

`cages` has the operator's choice, `kinds/` the ways to keep a program in; each starts the program by `launcher/`, opens
its `doors` to the network by `proxy/`, and keeps it to its `limits/`. Used by `wiring` and by the supervisor of an
apply. Nothing is imported here, for the launcher of each program comes by.
"""
