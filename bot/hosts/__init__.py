"""Forges: one file or package each, named as people write it, with `host(section, repos) -> Host`.

Found by scanning; `wiring` alone imports them.
"""
