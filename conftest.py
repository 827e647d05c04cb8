"""Every test may use the fixtures of the foundation: a real PostgreSQL, fresh databases."""

pytest_plugins = ["kippu_events.testing.plugin"]
