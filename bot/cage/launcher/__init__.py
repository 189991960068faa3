"""What goes into the cage with each program, and becomes it. Started as a file, by a Python that knows nothing else.

Nothing of the bot is imported in here but this room, and of the standard library little. A program can read all of it.
"""
