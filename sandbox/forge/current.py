"""The forge of the application that answers the present request, for whoever serves one."""

from flask import current_app

from sandbox.forge.forge import Forge


def current_forge() -> Forge:
    """The one forge of the application. Raises RuntimeError outside of a request."""
    forge: Forge = current_app.extensions["forge"]
    return forge
