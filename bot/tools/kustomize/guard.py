"""Stands between kustomize and Helm. Used where the operator lets kustomizations inflate charts.

kustomize puts words of a kustomization (`releaseName`) on Helm's command line as they are, and Helm has options that
run programs and read any file (`--post-renderer`, `--set-file`): only the options that kustomize itself uses pass.
Nor may a chart's schema name anything outside of it.
"""

import os
import shlex
import shutil
import sys
from pathlib import Path

from bot.core.errors import Refused
from bot.kube.render import chart_schemas
from bot.kube.render.renderer import RenderRequest

OPTIONS = """
    -c -f --api-versions --client --debug --devel --generate-name --include-crds --kube-version --name-template
    --namespace --no-hooks --repo --short --skip-tests --untar --untardir --values --version
"""
CHECK = Path(chart_schemas.__file__).resolve()
SCRIPT = """#!{shell}
for word in "$@"; do
  case "$word" in
    {options}) ;;
    -*) echo "kustomize may not give Helm the option $word" >&2; exit 1 ;;
  esac
  if [ -f "$word/Chart.yaml" ]; then {check} "$word" || exit 1; fi
done
exec {helm} "$@"
"""


def write_guard(request: RenderRequest, helm: Path) -> Path:
    """A program in the scratch that is Helm for kustomize. Raises Refused where there is no shell to run it."""
    shell = shutil.which("sh", path=request.environment.get("PATH", os.defpath))
    if shell is None:
        raise Refused("there is no sh here, which must stand between kustomize and Helm: ask the operator for one")
    path = request.scratch / "helm"
    check = shlex.join([os.path.realpath(sys.executable), "-I", "-S", str(CHECK)])
    placeholders = {"options": "|".join(OPTIONS.split()), "helm": shlex.quote(str(helm)), "check": check}
    path.write_text(SCRIPT.format(shell=shell, **placeholders))
    path.chmod(0o700)
    return path.absolute()
