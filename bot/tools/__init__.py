"""Tools: one file or package each, named as people write it, with `tool(section) -> Tool`.

Found by scanning; `wiring` alone imports them.
"""
