"""Which files look like what the Kubernetes tools plan, wherever they lie. Called by the tools' `claims`."""

import posixpath
import re

from bot.core.tree import LINK, SUBMODULE, Tree
from bot.kube.render.charts import CHART_FILE
from bot.kube.render.kustomizations import KUSTOMIZATION_FILES

OBJECT_SUFFIXES = (".yaml", ".yml", ".json")
OBJECT_KEYS = [re.compile(rb'^[ \t{-]*"?%s"?[ \t]*:' % key, re.MULTILINE) for key in (b"apiVersion", b"kind")]


def is_kubernetes_file(tree: Tree, path: str) -> bool:
    """Tell whether a file is a kustomization, a chart, or looks like an object of Kubernetes."""
    name = posixpath.basename(path)
    if name in (*KUSTOMIZATION_FILES, CHART_FILE):
        return True
    if not name.endswith(OBJECT_SUFFIXES) or tree.files[path].mode in (LINK, SUBMODULE):
        return False
    text = tree.read(path)
    return b"apiVersion" in text and all(pattern.search(text) for pattern in OBJECT_KEYS)
