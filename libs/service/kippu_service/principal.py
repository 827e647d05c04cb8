"""Who calls: the client behind a token, its provider, and the customers it may act for."""

from dataclasses import dataclass

from kippu_service.problems import Problem, not_found


@dataclass(frozen=True, slots=True)
class Principal:
    """`customers` is None for the provider's own people, who see all of the provider's customers."""

    provider: str
    client_id: str
    customers: frozenset[str] | None
    scopes: frozenset[str]

    @property
    def is_staff(self) -> bool:
        return self.customers is None

    @property
    def actor(self) -> str:
        return f"client:{self.client_id}"

    def require_customer(self, customer_id: str) -> None:
        """Raises Refused (not found) if the customer is not theirs."""
        if self.customers is not None and customer_id not in self.customers:
            raise not_found()

    def require(self, scope: str, *, staff: bool) -> None:
        """Raises a 403 problem if the token lacks the scope. `*:read` and `*:write` stand for all resources."""
        if scope not in self.scopes and "*:" + scope.partition(":")[2] not in self.scopes:
            challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
            raise Problem(
                403,
                "scope_missing",
                "The token does not allow this",
                f"it lacks the scope {scope}",
                headers={"www-authenticate": challenge},
            )
        if staff and not self.is_staff:
            raise Problem(403, "staff_only", "The token does not allow this", "it is for the provider's own people")
