"""Stands between kustomize and Helm. Used where the operator lets kustomizations inflate charts.

kustomize puts words of a kustomization (`releaseName`) on Helm's command line as they are, and Helm has options that
run programs and read any file (`--post-renderer`, `--set-file`): only the options that kustomize itself uses pass.
"""

import os
import shlex
import shutil
from pathlib import Path

from bot.core.errors import Refused
from bot.kube.rendering import Request

OPTIONS = """
    -c -f --api-versions --client --debug --devel --generate-name --include-crds --kube-version --name-template
    --namespace --no-hooks --repo --short --skip-tests --untar --untardir --values --version
"""
SCRIPT = """#!{shell}
for word in "$@"; do
  case "$word" in
    {options}) ;;
    -*) echo "kustomize may not give Helm the option $word" >&2; exit 1 ;;
  esac
done
exec {helm} "$@"
"""


def guard(request: Request, helm: Path) -> Path:
    """A program in the scratch that is Helm for kustomize. Raises Refused where there is no shell to run it."""
    shell = shutil.which("sh", path=request.environment.get("PATH", os.defpath))
    if shell is None:
        raise Refused("there is no sh here, which must stand between kustomize and Helm: ask the operator for one")
    path = request.scratch / "helm"
    path.write_text(SCRIPT.format(shell=shell, options="|".join(OPTIONS.split()), helm=shlex.quote(str(helm))))
    path.chmod(0o700)
    return path.absolute()
