"""What kustomize makes of a folder, for tests on machines without it.

It does as much as `deploy/k8s` uses, and raises NotDone for everything else, so that nothing is passed over in silence.
It is stricter than kustomize: a name that nothing answers to is an error everywhere. Generated secrets keep their
names, to which kustomize adds a hash of what they hold.
"""

import base64
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
Manifests = list[Manifest]

WITHOUT_NAMESPACE = {"Namespace"}
REPLACED = {"egress"}
"""Lists without a merge key: a strategic merge puts the patch's in their place."""


class NotDone(Exception):
    """A kustomization uses what is not done here, or names what is not there."""


def build(folder: Path) -> Manifests:
    """The manifests of an overlay. Raises NotDone."""
    return _built(folder, [])


def kustomization_of(folder: Path) -> dict[str, Any]:
    told = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    assert isinstance(told, dict)
    return told


def read(*files: Path) -> Manifests:
    return [manifest for file in files for manifest in yaml.safe_load_all(file.read_text("utf-8"))]


def _built(folder: Path, manifests: Manifests) -> Manifests:
    """The manifests so far and the folder's own, changed as the folder says; a component changes what came before."""
    told = kustomization_of(folder)
    unknown = told.keys() - {"apiVersion", "kind"} - STEPS.keys()
    if unknown:
        raise NotDone(f"{folder}: {', '.join(sorted(unknown))}")
    for key, step in STEPS.items():
        for entry in [told[key]] if isinstance(told.get(key), str) else told.get(key, []):
            manifests = step(folder, manifests, entry)
    names = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    if len(set(names)) < len(names):
        raise NotDone(f"{folder}: something is there twice")
    return manifests


def _resource(folder: Path, manifests: Manifests, name: str) -> Manifests:
    path = folder / name
    return manifests + (build(path) if path.is_dir() else read(path))


def _component(folder: Path, manifests: Manifests, name: str) -> Manifests:
    return _built(folder / name, manifests)


def _secret(folder: Path, manifests: Manifests, told: dict[str, Any]) -> Manifests:
    _only(told, {"name", "files"})
    data = {Path(file).name: base64.b64encode((folder / file).read_bytes()).decode() for file in told["files"]}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": told["name"]}, "type": "Opaque", "data": data}
    return [*manifests, secret]


def _patch(folder: Path, manifests: Manifests, told: dict[str, Any]) -> Manifests:
    _only(told, {"path"} if "path" in told else {"target", "patch"})
    if "path" in told:
        for patch in read(folder / told["path"]):
            for manifest in _found(manifests, lambda each, patch=patch: _same(each, patch)):
                _merge(manifest, patch)
        return manifests
    for operation in yaml.safe_load(told["patch"]):
        for manifest in _found(manifests, lambda each: _targeted(each, told["target"])):
            _add(manifest, operation)
    return manifests


def _namespace(_: Path, manifests: Manifests, namespace: str) -> Manifests:
    for manifest in manifests:
        if manifest["kind"] not in WITHOUT_NAMESPACE:
            manifest["metadata"]["namespace"] = namespace
        elif manifest["metadata"]["name"] != namespace:
            raise NotDone(f"{manifest['metadata']['name']} would be renamed {namespace}")
    return manifests


def _image(_: Path, manifests: Manifests, told: dict[str, Any]) -> Manifests:
    _only(told, {"name", "newName", "newTag"})
    pods = [each["spec"]["template"]["spec"] for each in manifests if "template" in each.get("spec", {})]
    containers = [container for pod in pods for container in pod["containers"]]
    for container in _found(containers, lambda each: each["image"] == told["name"]):
        container["image"] = f"{told['newName']}:{told['newTag']}"
    return manifests


def _replicas(_: Path, manifests: Manifests, told: dict[str, Any]) -> Manifests:
    _only(told, {"name", "count"})
    for manifest in _found(
        manifests, lambda each: (each["kind"], each["metadata"]["name"]) == ("Deployment", told["name"])
    ):
        manifest["spec"]["replicas"] = told["count"]
    return manifests


STEPS: dict[str, Callable[[Path, Manifests, Any], Manifests]] = {
    "resources": _resource,
    "components": _component,
    "secretGenerator": _secret,
    "patches": _patch,
    "namespace": _namespace,
    "images": _image,
    "replicas": _replicas,
}
"""In kustomize's order."""


def _only(told: dict[str, Any], known: set[str]) -> None:
    if told.keys() != known:
        raise NotDone(f"{told}: neither more nor less than {', '.join(sorted(known))}")


def _found(among: Manifests, fits: Callable[[Manifest], bool]) -> Manifests:
    found = [each for each in among if fits(each)]
    if not found:
        raise NotDone("what an overlay would change is not there")
    return found


def _same(manifest: Manifest, patch: Manifest) -> bool:
    _only(patch["metadata"], {"name"})
    return all(manifest[key] == patch[key] for key in ("apiVersion", "kind")) and (
        manifest["metadata"]["name"] == patch["metadata"]["name"]
    )


def _targeted(manifest: Manifest, target: dict[str, str]) -> bool:
    _only(target, {"kind", "name"} if "name" in target else {"kind", "labelSelector"})
    metadata = manifest["metadata"]
    if "name" in target:
        return (manifest["kind"], metadata["name"]) == (target["kind"], target["name"])
    label, _, value = target["labelSelector"].partition("=")
    return manifest["kind"] == target["kind"] and metadata.get("labels", {}).get(label) == value


def _merge(manifest: Manifest, patch: Manifest) -> None:
    """A strategic merge (kubectl's documentation of `patches`), without lists that are merged by a key."""
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(manifest.get(key), dict):
            _merge(manifest[key], value)
        elif value is None or (isinstance(value, list) and key not in REPLACED):
            raise NotDone(f"a patch of {key}")
        else:
            manifest[key] = value


def _add(manifest: Manifest, operation: dict[str, Any]) -> None:
    """The one operation of RFC 6902 that is used."""
    _only(operation, {"op", "path", "value"})
    if operation["op"] != "add":
        raise NotDone(f"the operation {operation['op']}")
    *way, last = operation["path"].removeprefix("/").split("/")
    place: Any = manifest
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    if isinstance(place, dict):
        place[last] = copy.deepcopy(operation["value"])
    elif last == "-":
        place.append(copy.deepcopy(operation["value"]))
    else:
        raise NotDone(f"an addition at {operation['path']}")
