"""A GitHub-compatible forge in one process, for the demo and the tests: real git, real HTTP, none of the bot's code.

It answers what the bot asks of GitHub, and a page for people. It is not a forge to keep anything in: its state, the
bare repositories apart, is in memory.
"""
