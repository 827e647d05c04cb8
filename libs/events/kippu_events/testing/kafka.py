"""Pytest fixtures: a real Apache Kafka for the session.

It is the one of `KAFKA_BOOTSTRAP_SERVERS`, else a container where a Docker engine answers, else a broker from Maven's
jars with the local Java. Where none can start, tests fail; they are never skipped.
"""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kippu_events.bus.kafka import KafkaSettings
from kippu_events.local.kafka import LocalKafka
from kippu_events.testing.plugin import docker_answers

IMAGE = "apache/kafka:4.1.1"
START_SECONDS = 120

ONE_NODE = {
    "NODE_ID": "1",
    "PROCESS_ROLES": "broker,controller",
    "LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
    "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "OFFSETS_TOPIC_NUM_PARTITIONS": "4",
    "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "AUTO_CREATE_TOPICS_ENABLE": "false",
}
"""What the image makes the broker's settings of: one node, which is broker and controller."""


@pytest.fixture(scope="session")
def kafka_servers() -> Iterator[str]:
    """The bootstrap servers of a real Kafka."""
    if servers := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        _check_reachable(servers)
        yield servers
    elif docker_answers():
        with _container() as servers:
            yield servers
    else:
        with LocalKafka() as broker:
            yield broker.bootstrap_servers


@contextmanager
def _container() -> Iterator[str]:
    """Apache's own image, one node; testcontainers' ready-made Kafka is another vendor's and knows that one only."""
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415  a development tool, used only here
    from testcontainers.core.wait_strategies import ExecWaitStrategy  # noqa: PLC0415

    with socket.socket() as probe:
        # A broker tells its clients where it is, so the port is chosen before it starts.
        probe.bind(("", 0))
        port = probe.getsockname()[1]
    container = DockerContainer(IMAGE).with_bind_ports(9092, port)
    servers = f"{container.get_container_host_ip()}:{port}"
    for name, value in {**ONE_NODE, "ADVERTISED_LISTENERS": f"PLAINTEXT://{servers}"}.items():
        container.with_env(f"KAFKA_{name}", value)
    # Asked inside: outside, an engine's own proxy may take a connection before there is a broker.
    listens = ExecWaitStrategy(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9092"])
    container.waiting_for(listens.with_startup_timeout(START_SECONDS))
    with container:
        yield servers


def _check_reachable(servers: str) -> None:
    """A clear failure at once, rather than a time-out in every test."""
    host, _, port = servers.partition(",")[0].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10):
        pass


@pytest.fixture
def kafka(kafka_servers: str) -> KafkaSettings:
    """Settings with a prefix of this test's own, so that its topics and groups are nobody else's."""
    return KafkaSettings(kafka_servers, prefix=f"test-{secrets.token_hex(4)}")
