"""Every test may use the fixtures of the foundation: a real PostgreSQL, fresh databases, a real Kafka.

No example of a property is timed: a machine that has other things to do is no fault.
"""

from hypothesis import HealthCheck, settings

pytest_plugins = ["kippu_events.testing.plugin", "kippu_events.testing.kafka", "kippu_events.testing.buses"]

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
