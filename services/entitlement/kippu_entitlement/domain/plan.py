"""A plan family's versions: each is a plan file's whole text, with the day from which it is in force (IIJ-10)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from kippu_events.catalogue.entitlement import PlanPublished
from kippu_events.event import Event

from kippu_entitlement.domain.checks import conflict


@dataclass(frozen=True, slots=True)
class PlanVersion:
    version: str
    effective_from: date
    digest: str
    source: str


@dataclass(frozen=True, slots=True)
class Plans:
    """The versions of one family, in the order of their days of effect."""

    versions: tuple[PlanVersion, ...] = ()

    @property
    def exists(self) -> bool:
        return bool(self.versions)

    def in_force(self, on: date) -> PlanVersion | None:
        """The version in force on a local date."""
        return next((version for version in reversed(self.versions) if version.effective_from <= on), None)

    def named(self, name: str) -> PlanVersion | None:
        return next((version for version in self.versions if version.version == name), None)


def digest_of(source: str) -> str:
    return sha256(source.encode()).hexdigest()


def evolve(state: Plans, event: Event) -> Plans:
    match event:
        case PlanPublished():
            version = PlanVersion(event.version, event.effective_from, event.digest, event.source)
            return replace(state, versions=(*state.versions, version))
        case _:
            return state


def publish(
    state: Plans, *, family: str, version: str, effective_from: date, source: str, today: date, now: datetime
) -> tuple[Event, ...]:
    """A version, whole. The same text again changes nothing; a version never changes, and none rewrites the past.

    The first version may date from before we began; a later one takes effect today or later, after all before it,
    because decisions were already taken under the version that it follows.
    """
    digest = digest_of(source)
    known = state.named(version)
    if known is not None:
        if known.digest == digest:
            return ()
        raise conflict("plan_version_published", f"{family} {version} is published with another text", "version")
    if state.versions:
        last = state.versions[-1]
        if effective_from <= last.effective_from:
            message = f"{family} {version} would not come after {last.version}, in force from {last.effective_from}"
            raise conflict("plan_backdated", message, "effective_from")
        if effective_from < today:
            message = f"{family} {version} would change what was in force before {today}"
            raise conflict("plan_backdated", message, "effective_from")
    return (
        PlanPublished(
            occurred_at=now,
            family=family,
            version=version,
            effective_from=effective_from,
            digest=digest,
            source=source,
        ),
    )
