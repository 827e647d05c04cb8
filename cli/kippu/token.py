"""`kippu token`: a bearer token for the embedded mode, without an identity provider."""

from typing import Annotated

import typer
from kippu_service.token_maker import ALL_SCOPES, hash_secret
from kippu_service.tokens import CLIENT_ID, CUSTOMER_ID, PROVIDER_ID, SCOPE

from kippu import common
from kippu.compose import token_maker
from kippu.ground import is_new
from kippu.opened import nothing_yet
from kippu.trouble import Trouble, WrongArgument

app = typer.Typer(help="Tokens of the embedded mode.", no_args_is_help=True)


@app.command("make")
def make(
    provider: Annotated[str, typer.Option(help="Whose token it is, such as iij.")],
    client: Annotated[str, typer.Option(help="The client's id, as events will name it.")] = "operator-1",
    customer: Annotated[list[str] | None, typer.Option(help="For a partner: its customers. Else the desk's.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="Such as tickets:write. Else all.")] = None,
) -> None:
    """Print a token that the running services accept."""
    settings = common.settings()
    for pattern, values, what, example in (
        (PROVIDER_ID, [provider], "--provider", "iij"),
        (CLIENT_ID, [client], "--client", "operator-1"),
        (CUSTOMER_ID, customer or [], "--customer", "customer-1"),
        (SCOPE, scope or [], "--scope", "tickets:write"),
    ):
        for value in values:
            if not pattern.fullmatch(value):
                raise WrongArgument(f"{value!r} is no valid value.", where=what, remedy=f"such as {example}")
    if provider not in settings.providers:
        known = ", ".join(settings.providers)
        raise WrongArgument(f"There is no provider {provider!r} here.", where="--provider", remedy=f"choose of {known}")
    if settings.jwks_url is None and settings.signing_key_file is None and is_new(settings):
        # A key would be made here, for a token that no service accepts.
        raise nothing_yet(settings)
    maker = token_maker(settings)
    if maker is None:
        raise Trouble("Tokens come from the issuer of KIPPU_JWKS_URL.", remedy="ask that issuer for one")
    typer.echo(maker.mint(client_id=client, provider=provider, scopes=scope or ALL_SCOPES, customers=customer))


@app.command("hash")
def hash_() -> None:
    """Ask for a client's secret, and print the hash that goes into the clients file."""
    typer.echo(hash_secret(typer.prompt("Secret", hide_input=True)))
