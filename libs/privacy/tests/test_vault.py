"""The vault: what is sealed opens where it belongs and nowhere else, and never after the person is erased."""

import asyncio
import base64
from collections.abc import Iterable, Mapping

import pytest
from kippu_privacy import Associated, Plain, Sealed
from kippu_privacy.box import NotGenuine
from kippu_privacy.carried import pack
from kippu_privacy.keyring import KeyErased
from kippu_privacy.keyring_memory import MemoryKeyring
from kippu_privacy.vault import Vault

HERE = Associated("event-1", "kippu.entitlement.ContactAdded.v1", "iij", "name")
NAME = Plain("contact-iij-contact-1", "ผู้ติดต่อ One")


class CountingKeyring(MemoryKeyring):
    """Counts look-ups, and can be held while one is under way."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_up = 0
        self.answer = asyncio.Event()
        self.answer.set()

    async def find(self, provider: str, subjects: Iterable[str]) -> Mapping[str, bytes]:
        self.looked_up += 1
        found = await super().find(provider, subjects)
        await self.answer.wait()
        return found


@pytest.fixture
def vault() -> Vault:
    return Vault(MemoryKeyring())


async def test_what_is_sealed_opens_again(vault: Vault) -> None:
    [sealed] = await vault.seal([(NAME, HERE)])
    assert sealed.subject == NAME.subject
    assert "One" not in base64.b64decode(sealed.box).decode(errors="replace")
    assert await vault.open([(sealed, HERE)]) == [NAME.text]


async def test_the_same_text_never_seals_to_the_same_box(vault: Vault) -> None:
    first, second = await vault.seal([(NAME, HERE), (NAME, HERE)])
    assert first.box != second.box


@pytest.mark.parametrize(
    "elsewhere",
    [
        Associated("event-2", HERE.event_type, "iij", "name"),
        Associated("event-1", "kippu.entitlement.ContactAdded.v2", "iij", "name"),
        Associated("event-1", HERE.event_type, "iij", "mail"),
    ],
)
async def test_a_box_does_not_open_where_it_does_not_belong(vault: Vault, elsewhere: Associated) -> None:
    [sealed] = await vault.seal([(NAME, HERE)])
    with pytest.raises(NotGenuine):
        await vault.open([(sealed, elsewhere)])


async def test_a_box_does_not_open_for_another_subject_or_provider(vault: Vault) -> None:
    [sealed] = await vault.seal([(NAME, HERE)])
    other = Plain("contact-iij-contact-2", "Contact Two")
    await vault.seal([(other, HERE)])
    with pytest.raises(NotGenuine):
        await vault.open([(Sealed(subject=other.subject, box=sealed.box), HERE)])
    another_provider = Associated("event-1", HERE.event_type, "svt", "name")
    assert await vault.open([(sealed, another_provider)]) == [None]  # which has no such subject


@pytest.mark.parametrize("box", ["", "AAAA", "not base64!", base64.b64encode(bytes(40)).decode()])
async def test_a_box_that_was_altered_does_not_open(vault: Vault, box: str) -> None:
    await vault.seal([(NAME, HERE)])
    with pytest.raises(NotGenuine):
        await vault.open([(Sealed(subject=NAME.subject, box=box), HERE)])


async def test_an_erased_person_is_gone_and_stays_gone(vault: Vault) -> None:
    [sealed] = await vault.seal([(NAME, HERE)])
    await vault.erase("iij", NAME.subject)
    assert await vault.open([(sealed, HERE)]) == [None]
    with pytest.raises(KeyErased):
        await vault.seal([(NAME, HERE)])


async def test_a_read_model_carries_values_that_open_in_place(vault: Vault) -> None:
    [sealed] = await vault.seal([(NAME, HERE)])
    carried = pack(sealed, HERE)
    assert "One" not in carried
    assert await vault.open_carried([None, carried, None]) == [None, NAME.text, None]
    await vault.erase("iij", NAME.subject)
    assert await vault.open_carried([carried]) == [None]


async def test_a_cached_key_is_forgotten_in_time_so_that_an_erasure_elsewhere_takes_effect() -> None:
    keyring, now = CountingKeyring(), [0.0]
    vault = Vault(keyring, seconds=30, monotonic=lambda: now[0])
    [sealed] = await vault.seal([(NAME, HERE)])
    looked_up = keyring.looked_up
    await keyring.erase("iij", NAME.subject)  # by another process
    now[0] = 29.9
    assert await vault.open([(sealed, HERE)]) == [NAME.text]
    assert keyring.looked_up == looked_up
    now[0] = 30.0
    assert await vault.open([(sealed, HERE)]) == [None]


async def test_the_cache_is_bounded() -> None:
    keyring = CountingKeyring()
    vault = Vault(keyring, capacity=2)
    people = [Plain(f"contact-iij-{number}", "x") for number in range(3)]
    sealed = await vault.seal([(person, HERE) for person in people])
    before = keyring.looked_up
    assert await vault.open([(sealed[0], HERE)]) == ["x"]
    assert keyring.looked_up == before + 1  # the oldest had been forgotten


async def test_a_key_that_was_looked_up_before_an_erasure_is_not_cached_after_it() -> None:
    keyring = CountingKeyring()
    vault = Vault(keyring)
    [sealed] = await Vault(keyring).seal([(NAME, HERE)])
    keyring.answer.clear()
    slow = asyncio.create_task(vault.open([(sealed, HERE)]))
    await asyncio.sleep(0)  # it has its key, and has not returned with it
    await vault.erase("iij", NAME.subject)
    keyring.answer.set()
    await slow
    assert await vault.open([(sealed, HERE)]) == [None]
