"""The manifests: every one is what Kubernetes takes, and every service that there is runs by the house's rules."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from kippu.services import PARTS
from kippu_service.settings import PREFIX, Settings

ROOM = Path(__file__).parents[2] / "deploy" / "k8s"
VERSION = "1.31"
Manifest = dict[str, Any]


def manifests_of(*files: Path) -> list[Manifest]:
    return [manifest for file in files for manifest in yaml.safe_load_all(file.read_text("utf-8"))]


def files_of(folder: Path) -> list[Path]:
    """The resources that a kustomization names, those of other folders left out."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    return [folder / name for name in kustomization.get("resources", []) if (folder / name).is_file()]


BASE = manifests_of(*files_of(ROOM / "base"))


def named(kind: str, name: str, manifests: list[Manifest] = BASE) -> Manifest:
    [found] = [each for each in manifests if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """The pods that the manifests lead to, by kind and name."""
    for manifest in manifests:
        if "template" in manifest.get("spec", {}):
            yield f"{manifest['kind']} {manifest['metadata']['name']}", manifest["spec"]["template"]["spec"]


OURS = dict(pods(BASE))
ALL = OURS | dict(pods(manifests_of(*files_of(ROOM / "components" / "backends"))))


def test_every_file_is_named_by_its_kustomization() -> None:
    for kustomization in ROOM.rglob("kustomization.yaml"):
        folder = kustomization.parent
        text = kustomization.read_text("utf-8")
        unnamed = [file.name for file in folder.glob("*.yaml") if file != kustomization and file.name not in text]
        assert not unnamed, folder


def test_every_manifest_is_valid() -> None:
    whole = [file for file in ROOM.rglob("*.yaml") if file.name != "kustomization.yaml"]
    for manifest in manifests_of(*whole):
        if manifest["kind"] == "NetworkPolicy" and "podSelector" not in manifest["spec"]:
            continue  # a patch: valid only with what it is laid over
        kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_every_service_of_the_code_is_deployed() -> None:
    assert {name for name in OURS if name.startswith("Deployment")} == {f"Deployment kippu-{name}" for name in PARTS}


@pytest.mark.parametrize("service", PARTS)
def test_a_service_is_probed_disturbed_gently_and_spread(service: str) -> None:
    deployment = named("Deployment", f"kippu-{service}")
    selector = deployment["spec"]["selector"]["matchLabels"]
    pod = OURS[f"Deployment kippu-{service}"]
    [container] = pod["containers"]

    assert container["args"] == ["serve", service]
    assert container["startupProbe"]["httpGet"]["path"] == "/health/live"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    # 5 s before the stop, 10 s for requests in progress (kippu_service.server), and some to put everything down.
    assert container["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "5"]
    assert pod["terminationGracePeriodSeconds"] >= 30
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert deployment["spec"]["template"]["metadata"]["labels"].items() >= selector.items()
    assert [spread["labelSelector"]["matchLabels"] for spread in pod["topologySpreadConstraints"]] == [selector] * 2

    budget = named("PodDisruptionBudget", f"kippu-{service}")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"] == selector
    assert named("Service", f"kippu-{service}")["spec"]["selector"] == selector
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in named("Service", f"kippu-{service}")["spec"]["ports"]} <= ports


@pytest.mark.parametrize("name", ALL)
def test_a_pod_has_no_rights_and_says_what_it_needs(name: str) -> None:
    pod = ALL[name]
    context = pod["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 0
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    # KIPPU_INTAKE_PORT=tcp://… would be read as a setting.
    assert pod["enableServiceLinks"] is False
    for container in pod["containers"]:
        inner = container["securityContext"]
        assert inner["allowPrivilegeEscalation"] is False
        assert inner["capabilities"] == {"drop": ["ALL"]}
        assert inner["readOnlyRootFilesystem"] is (name != "StatefulSet kafka")
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", OURS)
def test_what_a_pod_writes_is_bounded_and_keys_are_read_only(name: str) -> None:
    pod = OURS[name]
    account = named("ServiceAccount", pod["serviceAccountName"])
    assert account["automountServiceAccountToken"] is False
    [container] = pod["containers"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in container["volumeMounts"]:
        volume = volumes[mount["name"]]
        assert mount.get("readOnly") or volume["emptyDir"]["sizeLimit"]
    # The administrator's password is the job's alone, and no secret stands in a variable.
    secrets = [volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume]
    assert secrets == (["kippu-database"] if name == "Job kippu-migrate" else [])
    assert all("valueFrom" not in variable for variable in container.get("env", []))


def test_no_secret_is_kept_with_the_manifests() -> None:
    for file in ROOM.rglob("*.yaml"):
        assert all(each.get("kind") != "Secret" for each in manifests_of(file)), file


def test_settings_are_settings_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    job = OURS["Job kippu-migrate"]["containers"][0]["env"]
    told = named("ConfigMap", "kippu")["data"] | {variable["name"]: variable["value"] for variable in job}
    for overlay in [
        told,
        told | named("ConfigMap", "kippu", manifests_of(ROOM / "overlays/prod/settings.yaml"))["data"],
    ]:
        assert set(overlay) <= known
        with monkeypatch.context() as environment:
            for name, value in overlay.items():
                environment.setenv(name, value)
            assert Settings().database_url is not None


def test_nothing_reaches_a_pod_but_what_is_said() -> None:
    default = named("NetworkPolicy", "kippu-nothing-else")["spec"]
    assert set(default["policyTypes"]) == {"Ingress", "Egress"}
    assert not default.get("ingress") and not default.get("egress")
    for manifest in BASE:
        if manifest["kind"] in {"Deployment", "Job"}:
            labels = manifest["spec"]["template"]["metadata"]["labels"]
            assert labels.items() >= default["podSelector"]["matchLabels"].items()


KUSTOMIZE = next(
    (command for command in (["kustomize", "build"], ["kubectl", "kustomize"]) if shutil.which(command[0])), None
)


@pytest.mark.skipif(KUSTOMIZE is None, reason="neither kustomize nor kubectl is here to build the overlays with")
@pytest.mark.parametrize("overlay", ["dev", "prod"])
async def test_an_overlay_builds_and_is_valid(overlay: str, tmp_path: Path) -> None:
    assert KUSTOMIZE is not None
    shutil.copytree(ROOM, tmp_path / "k8s")
    keys = tmp_path / "k8s/overlays/dev/keys"
    keys.mkdir(exist_ok=True)
    for name in ("master.key", "password", "signing.pem", "clients.toml"):
        (keys / name).write_text("for this test alone")
    kustomize = await asyncio.create_subprocess_exec(
        *KUSTOMIZE, str(tmp_path / "k8s/overlays" / overlay), stdout=asyncio.subprocess.PIPE
    )
    built, _ = await kustomize.communicate()
    assert kustomize.returncode == 0
    manifests = list(yaml.safe_load_all(built))
    for manifest in manifests:
        kubernetes_validate.validate(manifest, VERSION, strict=True)

    space = named("Namespace", "kippu-dev" if overlay == "dev" else "kippu", manifests)
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert all(each["metadata"].get("namespace") == space["metadata"]["name"] for each in manifests if each != space)
    deployed = [each for each in manifests if each["kind"] == "Deployment"]
    assert len(deployed) == len(PARTS)
    for deployment in deployed:
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        assert ":" in container["image"].rpartition("/")[2] and not container["image"].endswith(":latest")
        keys_volume = deployment["spec"]["template"]["spec"]["volumes"][0]["projected"]["sources"]
        assert len(keys_volume) == (2 if overlay == "dev" else 1)
    if overlay == "prod":
        told = named("ConfigMap", "kippu", manifests)["data"]
        assert told["KIPPU_JWKS_URL"].startswith("https://")
        assert min(deployment["spec"]["replicas"] for deployment in deployed) >= 2
