"""What of a repository's kustomizations and charts runs as code: nothing, but what the operator's flags allow, caged.

Helm has plug-ins that fetch charts (`evil://…`), and finds them in a folder that a kustomization can name.
kustomize has functions in containers (`--enable-alpha-plugins`), run by `docker`, whose image a pull request chooses.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.errors import Refused, ToolFailed
from bot.tools.kustomize.build import Kustomize
from bot.tools.kustomize.settings import KustomizeSettings
from sandbox.stage import PROGRAM_PATH
from tests.cage.documented import ALWAYS
from tests.cage.raiding import open_folder, treasures
from tests.cage.targets import targets
from tests.e2e.acting import ONE, begin, plan_comment, propose
from tests.kube.trees import request, written
from tests.provider.shelf import needed
from tests.rig.build import HOSTILE
from tests.staging import Stage

PLUGIN = "a/evil/.data/plugins/evil"
PLUGIN_FILES = {
    f"{PLUGIN}/plugin.yaml": "name: evil\nversion: 0.1.0\nusage: none\ndescription: none\ncommand: run.sh\n"
    "downloaders:\n  - {command: run.sh, protocols: [evil]}\n",
    f"{PLUGIN}/run.sh": "#!/bin/sh\necho ran >> MARKER\necho 'entries: {}'\n",
}
KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
helmGlobals: {configHome: TOP/a/evil}
helmCharts:
  - name: web
    repo: evil://charts
"""
FUNCTION = """\
apiVersion: evil.example/v1
kind: Evil
metadata:
  name: evil
  annotations:
    config.kubernetes.io/function: |
      container: {image: evil.example/evil}
"""
# What stands in for docker: it runs the attacker, as an engine would that has the machine, and returns an object.
DOCKER = """\
#!/bin/sh
cat > /dev/null
cat <<'END'
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: booty}
    data:
      outcomes: |
END
HERE/PROGRAM --probes HERE/targets.json | sed 's/^/        /'
"""
OUTCOME = re.compile(r'"([a-z]+: [^"\\]+)\\?": \\?"((?:yes|no|not tried|broken): [^"\\]*)\\?"')


def test_a_helm_plug_in_that_a_kustomization_brings_is_not_run(tmp_path: Path) -> None:
    checkout, ran = tmp_path / "checkout", tmp_path / "ran"
    files = PLUGIN_FILES | {"a/kustomization.yaml": KUSTOMIZATION.replace("TOP", str(checkout))}
    written(checkout, {name: text.replace("MARKER", str(ran)) for name, text in files.items()})
    (checkout / PLUGIN / "run.sh").chmod(0o755)
    tool = Kustomize(KustomizeSettings.of({"flags": "--enable-helm", "helm": str(needed("helm"))}))
    with pytest.raises((Refused, ToolFailed)):
        tool.render(request(checkout, "a", tmp_path / "scratch"))
    assert not ran.exists()


def test_a_function_in_a_container_reaches_no_more_than_its_rendering(
    stages: Callable[..., Stage], tmp_path: Path
) -> None:
    """The stand-in for docker is on PATH, which the rendering has where plug-ins are allowed."""
    with open_folder() as top, targets(top / "t") as aims:
        programs = written(top / "programs", {"docker": DOCKER.replace("HERE", f"{top}/programs")}).root
        shutil.copy(needed(HOSTILE), programs / "PROGRAM")
        for program in (programs / "docker", programs / "PROGRAM"):
            program.chmod(0o755)
        stage = stages({"KUSTOMIZE__FLAGS": "--enable-alpha-plugins"}, path=f"{programs}:{PROGRAM_PATH}")
        clone = begin(stage, {"net/main.tf": ONE})
        aims = aims.having(files=treasures(stage), bot=stage.bot_pid)
        (programs / "targets.json").write_text(aims.to_json())
        files = {"a/kustomization.yaml": "generators: [function.yaml]\n", "a/function.yaml": FUNCTION}
        number = propose(stage, clone, files)
        stage.wait_for_comment(number, "Plan for", "booty", patience=60)
        tried = dict(OUTCOME.findall(plan_comment(stage, number)))
    assert len(tried) > 300
    assert not {name for name, outcome in tried.items() if outcome.startswith("yes: ")} - set(ALWAYS)
