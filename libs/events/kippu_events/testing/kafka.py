"""Pytest fixtures: a real Apache Kafka for the session.

It is the one of `KAFKA_BOOTSTRAP_SERVERS`, else a container where a Docker engine answers, else a broker from Maven's
jars with the local Java. Where none can start, tests fail; they are never skipped.
"""

import os
import secrets
import socket
from collections.abc import Iterator

import pytest

from kippu_events.bus.kafka import KafkaSettings
from kippu_events.local.kafka import LocalKafka
from kippu_events.testing.plugin import docker_answers


@pytest.fixture(scope="session")
def kafka_servers() -> Iterator[str]:
    """The bootstrap servers of a real Kafka."""
    if servers := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        _check_reachable(servers)
        yield servers
    elif docker_answers():
        from testcontainers.kafka import KafkaContainer  # noqa: PLC0415  a development tool, used only here

        with KafkaContainer("apache/kafka:4.1.1").with_kraft() as container:
            yield container.get_bootstrap_server()
    else:
        with LocalKafka() as broker:
            yield broker.bootstrap_servers


def _check_reachable(servers: str) -> None:
    """A clear failure at once, rather than a time-out in every test."""
    host, _, port = servers.partition(",")[0].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10):
        pass


@pytest.fixture
def kafka(kafka_servers: str) -> KafkaSettings:
    """Settings with a prefix of this test's own, so that its topics and groups are nobody else's."""
    return KafkaSettings(kafka_servers, prefix=f"test-{secrets.token_hex(4)}")
