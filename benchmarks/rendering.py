"""A rendering, made and kept, and the memory of a plan of 2,000 objects: `python -m benchmarks.rendering`."""

import os
import resource
import tempfile
import time
from pathlib import Path

from bot.cache import Cache
from bot.kube.objects.parsing import parse_objects
from bot.kube.plan.plan_content import plan_content
from bot.kube.plan.plan_request import PlanRevisions
from bot.kube.plan.rendered_diff import plan_offline
from bot.kube.render.renderer import RenderRequest
from bot.tools.kustomize.build import Kustomize
from bot.tools.kustomize.settings import KustomizeSettings
from bot.vault import Vault
from tests.caging import strongest_cage

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{number}}}\ndata: {{a: '{word}'}}\n"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gitops-bot-bench-") as temporary:
        top = Path(temporary)
        scratch = top / "scratch"
        scratch.mkdir(mode=0o700)
        root = _overlay(top / "root", 500)
        tool = Kustomize(KustomizeSettings.of({}))
        asked = RenderRequest(root, ".", scratch, {"PATH": os.environ["PATH"]}, strongest_cage())
        cache = Cache(top / "cache", Vault(b"k" * 32))
        made = _seconds(lambda: cache.get_or_create("key", lambda: tool.render(asked)))
        kept = _seconds(lambda: cache.get_or_create("key", lambda: tool.render(asked)))
        print(f"render 500 objects with kustomize {made:.3f} s, kept {kept:.3f} s: {made / kept:.0f} ×")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _shown(2000)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"2,000 objects parsed, compared and shown: {after - before:.0f} MB more than the {before:.0f} MB before")


def _overlay(root: Path, count: int) -> Path:
    root.mkdir()
    (root / "all.yaml").write_text("---\n".join(MAP.format(number=number, word="one") for number in range(count)))
    (root / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    return root


def _shown(count: int) -> None:
    sides = [
        parse_objects(
            "---\n".join(MAP.format(number=number, word=word * 200) for number in range(count)),
            "a",
            "x",
            lambda *_: True,
        )
        for word in ("one ", "two ")
    ]
    outcomes = plan_offline(PlanRevisions(sides[1], sides[0], None), lambda body: body)
    assert len(plan_content("kustomize", outcomes, offline=True).changes) == count


def _seconds(work: object) -> float:
    began = time.monotonic()
    work()  # type: ignore[operator]  # a callable
    return time.monotonic() - began


if __name__ == "__main__":
    main()
