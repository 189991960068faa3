"""Cuts what GitHub publishes about its API to what the bot uses. Run by hand when the bot uses more of it.

    npm pack @octokit/openapi@23.0.2 @octokit/graphql-schema@15.26.1     (and unpack both)
    python -m tests.hosts.published.cut API.GITHUB.COM.JSON SCHEMA.GRAPHQL

Prose goes, and so do answers that are errors; everything else stays as GitHub wrote it.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_leaf_type,
)

HERE = Path(__file__).parent
REPO = "/repos/{owner}/{repo}"
USED = (
    "GET /user",
    "GET /user/repos",
    "GET /users/{username}",
    "GET /search/users",
    "GET /app",
    "GET /app/installations",
    "POST /app/installations/{installation_id}/access_tokens",
    "POST /app-manifests/{code}/conversions",
    "GET /installation/repositories",
    f"GET {REPO}",
    f"GET {REPO}/installation",
    f"GET {REPO}/branches/{{branch}}",
    f"GET {REPO}/collaborators/{{username}}/permission",
    f"GET {REPO}/commits/{{ref}}/status",
    f"GET {REPO}/commits/{{ref}}/check-runs",
    f"POST {REPO}/statuses/{{sha}}",
    f"POST {REPO}/check-runs",
    f"PATCH {REPO}/check-runs/{{check_run_id}}",
    f"GET {REPO}/issues/comments",
    f"GET {REPO}/issues/comments/{{comment_id}}",
    f"PATCH {REPO}/issues/comments/{{comment_id}}",
    f"POST {REPO}/issues/comments/{{comment_id}}/reactions",
    f"GET {REPO}/issues/{{issue_number}}/comments",
    f"POST {REPO}/issues/{{issue_number}}/comments",
    f"GET {REPO}/pulls",
    f"POST {REPO}/pulls",
    f"GET {REPO}/pulls/{{pull_number}}",
    f"GET {REPO}/pulls/{{pull_number}}/commits",
    f"GET {REPO}/pulls/{{pull_number}}/reviews",
    f"PUT {REPO}/pulls/{{pull_number}}/merge",
)
PROSE = {"description", "summary", "example", "examples", "externalDocs", "tags"}
NAMES = {"properties", "schemas", "parameters"}  # below these, keys are names of GitHub's
MUTATIONS = ("minimizeComment", "unminimizeComment", "enqueuePullRequest")
PULL_FIELDS = ("id", "isInMergeQueue", "isMergeQueueEnabled")


def main(openapi: Path, graphql: Path) -> None:
    text = json.dumps(described(json.loads(openapi.read_text())), separators=(",", ":"), ensure_ascii=False)
    (HERE / "openapi.json").write_text(re.sub(r'\},("[/\w-]+":\{)', r"},\n\1", text) + "\n")
    (HERE / "schema.graphql").write_text(mutations(build_schema(graphql.read_text(), assume_valid_sdl=True)))


def described(whole: dict[str, Any]) -> dict[str, Any]:
    """The description with the operations in use and what they refer to; of all others, their names."""
    served = [(path, method) for path in whole["paths"] for method in whole["paths"][path] if method != "parameters"]
    paths: dict[str, Any] = {}
    for method, _, path in (one.partition(" ") for one in USED):
        paths.setdefault(path, {})[method.lower()] = _operation(whole["paths"][path][method.lower()])
    info = {"title": whole["info"]["title"], "version": whole["info"]["version"], "license": whole["info"]["license"]}
    cut = {"openapi": whole["openapi"], "info": info, "paths": paths, "components": _components(whole, paths)}
    return cut | {"x-all": sorted(f"{method.upper()} {path}" for path, method in served if _near(path))}


def _near(path: str) -> bool:
    """Of what else there is, only the names under a repository and an App are of use: the sandbox is compared."""
    return path.startswith(("/repos/{owner}/{repo}", "/app", "/installation", "/user", "/rate_limit", "/search/users"))


def _operation(raw: dict[str, Any]) -> dict[str, Any]:
    answers = {status: _answer(answer) for status, answer in raw["responses"].items() if status.startswith("2")}
    kept = {key: _terse(raw[key], key) for key in ("operationId", "parameters", "requestBody") if key in raw}
    return kept | {"responses": answers}


def _answer(raw: dict[str, Any]) -> Any:
    return _terse({"content": raw["content"]} if "content" in raw else {}, "")


def _components(whole: dict[str, Any], paths: Any) -> dict[str, Any]:
    """Whatever is referred to, however far off."""
    kept: dict[str, Any] = {}
    todo = _references(paths)
    while todo:
        kind, name = todo.pop().split("/")[2:]
        if name not in kept.setdefault(kind, {}):
            kept[kind][name] = _terse(whole["components"][kind][name], "")
            todo |= _references(kept[kind][name])
    return {kind: dict(sorted(kept[kind].items())) for kind in sorted(kept)}


def _references(raw: Any) -> set[str]:
    if isinstance(raw, list):
        return set().union(*map(_references, raw))
    if not isinstance(raw, dict):
        return set()
    here = {raw["$ref"]} if isinstance(raw.get("$ref"), str) else set()
    return here.union(*map(_references, raw.values()))


def _terse(raw: Any, below: str) -> Any:
    if isinstance(raw, list):
        return [_terse(one, "") for one in raw]
    if not isinstance(raw, dict):
        return raw
    if below in NAMES:
        return {key: _terse(value, "") for key, value in raw.items()}
    return {key: _terse(value, key) for key, value in raw.items() if key not in PROSE and not key.startswith("x-")}


def mutations(schema: GraphQLSchema) -> str:
    """GraphQL's part: the mutations with their inputs, and of their answers the scalars; a pull request by its id."""
    mutation = schema.mutation_type
    assert mutation
    pull = schema.type_map["PullRequest"]
    assert isinstance(pull, GraphQLObjectType)
    parts = ["type Query {\n  node(id: ID!): Node\n}", "interface Node {\n  id: ID!\n}"]
    parts += ["scalar GitObjectID", f"type PullRequest implements Node {{{_fields(pull, PULL_FIELDS)}}}"]
    parts += [f"type Mutation {{{_fields(mutation, MUTATIONS)}}}"]
    for name in MUTATIONS:
        field = mutation.fields[name]
        for type in (get_named_type(field.args["input"].type), get_named_type(field.type)):
            assert isinstance(type, GraphQLInputObjectType | GraphQLObjectType)
            word = "input" if isinstance(type, GraphQLInputObjectType) else "type"
            scalar = [key for key, one in type.fields.items() if is_leaf_type(get_named_type(one.type))]
            parts.append(f"{word} {type.name} {{{_fields(type, scalar)}}}")
    values = schema.type_map["ReportedContentClassifiers"].to_kwargs()["values"]
    return "\n\n".join(
        [*parts, "enum ReportedContentClassifiers {" + "".join(f"\n  {one}" for one in values) + "\n}\n"]
    )


def _fields(type: GraphQLInputObjectType | GraphQLObjectType, names: Sequence[str]) -> str:
    """As the schema language has them."""
    lines = []
    for name in names:
        field = type.fields[name]
        given = ", ".join(f"{key}: {one.type}" for key, one in getattr(field, "args", {}).items())
        lines.append(f"  {name}{f'({given})' if given else ''}: {field.type}")
    return "\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
