"""The manifests: every one is what Kubernetes takes, and every service that there is runs by the house's rules."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import kubernetes_validate
import pytest
import uvicorn
import yaml
from kippu.services import PARTS
from kippu_events.testing.kafka import IMAGE as KAFKA_IMAGE
from kippu_events.testing.plugin import POSTGRES_IMAGE
from kippu_service.settings import PREFIX, Settings
from kustomized import Manifest, NotDone, build, kustomization_of, read

HOUSE = Path(__file__).parents[2]
ROOM = HOUSE / "deploy" / "k8s"
COMPOSE = yaml.safe_load((HOUSE / "docker-compose.yml").read_text("utf-8"))["services"]
VERSION = "1.31"
SPACES = {"dev": "kippu-dev", "prod": "kippu"}
KEYS = {"dev": ["kippu-tokens"], "prod": []}
KEYS_OF_MAIL = {"dev": [], "prod": ["kippu-smtp-relay", "kippu-smtp-certificate"]}
PLACES = ("PGDATA", "KAFKA_LOG_DIRS", "POSTGRES_PASSWORD_FILE")
"""Variables that name a folder of the pod or the container, which need not be the same."""
BASE = build(ROOM / "base")


def named(kind: str, name: str, manifests: list[Manifest] = BASE) -> Manifest:
    [found] = [each for each in manifests if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """The pods that the manifests lead to, by kind and name."""
    for manifest in manifests:
        if "template" in manifest.get("spec", {}):
            yield f"{manifest['kind']} {manifest['metadata']['name']}", manifest["spec"]["template"]["spec"]


OURS = dict(pods(BASE))
ALL = OURS | dict(pods(build(ROOM / "components" / "backends")))


def test_every_file_is_named_by_its_kustomization() -> None:
    for kustomization in ROOM.rglob("kustomization.yaml"):
        folder = kustomization.parent
        text = kustomization.read_text("utf-8")
        unnamed = [file.name for file in folder.glob("*.yaml") if file != kustomization and file.name not in text]
        assert not unnamed, folder


def test_every_manifest_is_valid() -> None:
    whole = [file for file in ROOM.rglob("*.yaml") if file.name != "kustomization.yaml"]
    for manifest in read(*whole):
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
    has_no_rights_and_says_what_it_needs(name, ALL[name])


def has_no_rights_and_says_what_it_needs(name: str, pod: Manifest) -> None:
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
        assert all(each.get("kind") != "Secret" for each in read(file)), file


def test_settings_are_settings_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {"FORWARDED_ALLOW_IPS"}  # uvicorn's
    job = OURS["Job kippu-migrate"]["containers"][0]["env"]
    told = named("ConfigMap", "kippu")["data"] | {variable["name"]: variable["value"] for variable in job}
    for overlay in [
        told,
        told | named("ConfigMap", "kippu", read(ROOM / "overlays/prod/settings.yaml"))["data"],
    ]:
        assert set(overlay) <= known
        with monkeypatch.context() as environment:
            for name, value in overlay.items():
                environment.setenv(name, value)
            assert Settings().database_url is not None


def test_a_proxy_that_ends_tls_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the console would take every request for one without it, and its cookie for one that may go so, too."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", named("ConfigMap", "kippu")["data"]["FORWARDED_ALLOW_IPS"])
    config = uvicorn.Config("none")
    assert config.proxy_headers
    assert config.forwarded_allow_ips == "*"


def test_nothing_reaches_a_pod_but_what_is_said() -> None:
    default = named("NetworkPolicy", "kippu-nothing-else")["spec"]
    assert set(default["policyTypes"]) == {"Ingress", "Egress"}
    assert not default.get("ingress") and not default.get("egress")
    for manifest in BASE:
        if manifest["kind"] in {"Deployment", "Job"}:
            labels = manifest["spec"]["template"]["metadata"]["labels"]
            assert labels.items() >= default["podSelector"]["matchLabels"].items()


@pytest.fixture
def overlays(tmp_path: Path) -> Path:
    """The folder of the overlays, with keys for the one that makes its secrets of them."""
    shutil.copytree(ROOM, tmp_path / "k8s", ignore=shutil.ignore_patterns("keys"))
    keys = tmp_path / "k8s/overlays/dev/keys"
    keys.mkdir()
    for name in ("master.key", "password", "signing.pem", "clients.toml"):
        (keys / name).write_text("for this test alone")
    return tmp_path / "k8s/overlays"


@pytest.mark.parametrize("overlay", SPACES)
def test_an_overlay_builds_and_is_valid(overlay: str, overlays: Path) -> None:
    manifests = build(overlays / overlay)
    for manifest in manifests:
        kubernetes_validate.validate(manifest, VERSION, strict=True)
    space = named("Namespace", SPACES[overlay], manifests)
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert all(each["metadata"].get("namespace") == SPACES[overlay] for each in manifests if each != space)

    secrets = {each["metadata"]["name"] for each in manifests if each["kind"] == "Secret"}
    for name, pod in pods(manifests):
        has_no_rights_and_says_what_it_needs(name, pod)
        for container in pod["containers"]:
            assert ":" in container["image"].rpartition("/")[2] and not container["image"].endswith(":latest")
        if name.split()[0] in {"Deployment", "Job"}:
            sources = [source["secret"]["name"] for source in pod["volumes"][0]["projected"]["sources"]]
            assert sources == ["kippu-master-key", *KEYS[overlay], *(KEYS_OF_MAIL[overlay] if "intake" in name else [])]
            assert secrets == {*sources, "kippu-database"} if overlay == "dev" else not secrets

    deployed = {each["metadata"]["name"]: each for each in manifests if each["kind"] == "Deployment"}
    assert deployed.keys() == {f"kippu-{name}" for name in PARTS}
    if overlay == "prod":
        assert named("ConfigMap", "kippu", manifests)["data"]["KIPPU_JWKS_URL"].startswith("https://")
        out = named("NetworkPolicy", "kippu-to-its-ground", manifests)["spec"]["egress"]
        assert {port["port"] for rule in out for port in rule["ports"]} == {53, 443, 5432, 9092}
        assert min(deployment["spec"]["replicas"] for deployment in deployed.values()) >= 2


def default_of(text: str) -> str:
    """What compose makes of `${NAME:-default}` where nobody set NAME."""
    return re.sub(r"\$\{\w+:-(.*?)\}", r"\1", text)


@pytest.mark.parametrize("service", PARTS)
def test_a_pod_is_the_container_of_one_machine(service: str, overlays: Path) -> None:
    told, manifests = COMPOSE[service], build(overlays / "dev")
    pod = dict(pods(manifests))[f"Deployment kippu-{service}"]
    [container] = pod["containers"]
    assert container["args"] == told["command"]
    assert named("ConfigMap", "kippu", manifests)["data"] == told["environment"] | {"FORWARDED_ALLOW_IPS": "*"}
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert set(ports.values()) == {int(port.rpartition(":")[2]) for port in told["ports"]}

    image = (HOUSE / "Dockerfile").read_text("utf-8")
    assert f"GET {container['readinessProbe']['httpGet']['path']} HTTP" in image
    assert f"/dev/tcp/127.0.0.1/{ports[container['readinessProbe']['httpGet']['port']]};" in image
    start = container["startupProbe"]
    assert f"--start-period={start['periodSeconds'] * start['failureThreshold']}s" in image
    before = int(container["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert pod["terminationGracePeriodSeconds"] - before >= int(told["stop_grace_period"].removesuffix("s"))


def test_what_the_pods_stand_on_is_what_the_containers_do() -> None:
    job, migrate = OURS["Job kippu-migrate"]["containers"][0], COMPOSE["migrate"]
    assert job["args"] == migrate["command"]
    more = migrate["environment"].keys() - COMPOSE["intake"]["environment"].keys()
    assert {each["name"] for each in job["env"]} == more

    for name in ("postgres", "kafka"):
        [container], told = ALL[f"StatefulSet {name}"]["containers"], COMPOSE[name]
        assert container["image"] == default_of(told["image"])
        assert container.get("args") == told.get("command")
        variables = {each["name"]: each["value"] for each in container["env"]}
        assert without(PLACES, variables) == without(PLACES, told["environment"])
    [postgres], [kafka] = (ALL[f"StatefulSet {name}"]["containers"] for name in ("postgres", "kafka"))
    assert postgres["readinessProbe"]["exec"]["command"] == COMPOSE["postgres"]["healthcheck"]["test"][1:]
    assert (postgres["image"], kafka["image"]) == (POSTGRES_IMAGE.removesuffix("-alpine"), KAFKA_IMAGE), "of the tests"


def without(names: Iterable[str], variables: dict[str, str | int]) -> dict[str, str]:
    return {name: str(value) for name, value in variables.items() if name not in names}


def test_mail_in_production_is_signed_in_and_encrypted_with_what_its_pods_hold(
    overlays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in named("ConfigMap", "kippu", build(overlays / "prod"))["data"].items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    files = (settings.smtp_relay_password_file, settings.smtp_certificate_file, settings.smtp_key_file)
    assert [str(file) for file in files] == ["/keys/relay-password", "/keys/tls.crt", "/keys/tls.key"]
    [out] = named("NetworkPolicy", "kippu-mail")["spec"]["egress"]
    assert [port["port"] for port in out["ports"]] == [settings.smtp_relay_port]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("namespace: kippu\n", "namespace: kippu\nnamePrefix: our-\n"),
        ("namespace: kippu\n", "namespace: elsewhere\n"),
        ("{name: kippu, newName", "{name: kipu, newName"),
        ("{name: kippu-intake, count", "{name: kippu-intakes, count"),
        ("  - path: issuer.yaml\n", "  - path: issuer.yaml\n    target: {kind: NetworkPolicy}\n"),
        ("  - ../../base\n", ""),
    ],
)
def test_an_overlay_of_what_is_not_there_or_not_understood_is_refused(right: str, wrong: str, overlays: Path) -> None:
    file = overlays / "prod/kustomization.yaml"
    text = file.read_text("utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong), "utf-8")
    with pytest.raises(NotDone):
        build(overlays / "prod")


KUSTOMIZE = [
    command for command in (["kustomize", "build"], ["kubectl", "kustomize"]) if shutil.which(command[0]) is not None
]


@pytest.mark.parametrize("overlay", SPACES)
def test_kustomize_builds_the_same_where_it_is_installed(overlay: str, overlays: Path) -> None:
    ours = sorted(build(overlays / overlay), key=by_kind_and_name)
    made = "|".join(each["name"] for each in kustomization_of(overlays / overlay).get("secretGenerator", []))
    for command in KUSTOMIZE:
        text = subprocess.run([*command, overlays / overlay], capture_output=True, text=True, check=True).stdout
        # To a generated name it adds a hash of what is in there, so that a new secret starts new pods.
        without_hashes = re.sub(rf"\b({made})-[a-z0-9]{{10}}\b", r"\1", text) if made else text
        assert sorted(yaml.safe_load_all(without_hashes), key=by_kind_and_name) == ours, command


def by_kind_and_name(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]
