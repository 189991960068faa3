"""Confines itself as it is asked to and becomes a program. Started as `python -I -S launcher.py FD`.

The inherited descriptor holds what is asked, as JSON, which `confinement` describes. Whatever cannot be done is one
sentence on standard error and exit status 125: nothing ever runs half-caged. One thread, the standard library alone,
and little of that, for it is part of every start.
"""

import sys

if __name__ == "__main__":
    sys.path.append(__file__.rpartition("/bot/")[0])  # the last place to look for a module; -I leaves it out
    from bot.cage.launcher.confinement import main

    main(int(sys.argv[1]))
