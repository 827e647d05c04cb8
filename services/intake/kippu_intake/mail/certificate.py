"""The listener's certificate, as its files hold it now: a renewed one is taken without a restart."""

import logging
import ssl
from pathlib import Path

from kippu_service.settings import SettingsWrong

logger = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int, int], ...]


class Certificate:
    """A certificate and its key, PEM files. Raises SettingsWrong if they cannot be used from the beginning."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = certificate, key
        self._stamp = self._stamped()
        self._context = tls_of(certificate, key)

    def context(self) -> ssl.SSLContext:
        """For a connection that begins. What cannot be used, or is written just now, leaves the one before: it is
        looked at again once the files have changed again."""
        stamp = self._stamped()
        if stamp is not None and stamp != self._stamp:
            self._stamp = stamp
            try:
                # Another context, never the same anew: one that fails would be left with a certificate and no key.
                self._context = tls_of(*self._files)
                logger.info("the certificate %s is taken as it was renewed", self._files[0])
            except SettingsWrong as error:
                logger.warning("%s; the one before is used on", error)
        return self._context

    def _stamped(self) -> _Stamp | None:
        """By what a change of the files is seen: written anew, or another file, as where a link is turned. None while
        one of them is not there."""
        try:
            found = [file.stat() for file in self._files]
        except OSError:
            return None
        return tuple((each.st_mtime_ns, each.st_ino, each.st_size) for each in found)


def tls_of(certificate: Path, key: Path) -> ssl.SSLContext:
    """What a certificate and its key (PEM) make of a listener: TLS 1.2 or newer. Raises SettingsWrong."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        raise SettingsWrong(f"the certificate {certificate} with the key {key} cannot be used: {error}") from error
    return context
