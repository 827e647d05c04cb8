"""Every test may use the fixtures of the foundation: a real PostgreSQL, fresh databases, a real Kafka."""

pytest_plugins = ["kippu_events.testing.plugin", "kippu_events.testing.kafka", "kippu_events.testing.buses"]
