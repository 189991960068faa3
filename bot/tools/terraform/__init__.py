"""Terraform and OpenTofu. Found by `wiring`; everything it needs from elsewhere comes through the port."""

from collections.abc import Callable, Mapping

from bot.tools.terraform.keys import OPTIONS
from bot.tools.terraform.settings import TerraformSettings
from bot.tools.terraform.terraform import Terraform

KEYS = (OPTIONS,)


def tool(section: Callable[[str], Mapping[str, object]]) -> Terraform:
    """The tool with the operator's settings (`TERRAFORM__…`)."""
    return Terraform(TerraformSettings.of(section("terraform")))
