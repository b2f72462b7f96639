"""The certificate that the product serves with."""

import ssl

from app.cli.machine import CannotStart
from app.settings import Settings


def check_tls(settings: Settings) -> None:
    """Accept a certificate and key that belong together, or none.

    Raises:
        CannotStart: They cannot be used.
    """
    certificate, key = settings.tls_cert_file, settings.tls_key_file
    if certificate is None or key is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except ssl.SSLError:
        raise CannotStart(
            f"TLS_CERT_FILE={certificate} and TLS_KEY_FILE={key} are no certificate and its key "
            "in PEM."
        ) from None
    except OSError as error:
        raise CannotStart(
            f"TLS_CERT_FILE={certificate} or TLS_KEY_FILE={key} cannot be read: {error.strerror}."
        ) from None
