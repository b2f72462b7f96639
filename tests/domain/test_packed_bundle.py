"""A bundle that was packed is the same one again."""

from app.domain.delivery import Delivery, bundle_secrets
from app.domain.packed_bundle import pack, unpack
from tests.domain.bindings import bound, stored


def test_a_packed_bundle_comes_back_whole() -> None:
    values = {way.value: f'the "värde"\n of {way.value}' for way in Delivery}
    values[Delivery.HEADER] = "of a header"
    bindings = [bound(way.value, way) for way in Delivery]
    secrets = [stored(name) for name in values]
    bundle = bundle_secrets("ada", bindings, secrets, values)
    again = unpack(pack(bundle))
    assert again == bundle
    text = " and ".join(values.values())
    assert again.masker().text(text) == " and ".join(["[secret]"] * len(values))


def test_one_without_secrets_does_too() -> None:
    bundle = bundle_secrets("ada", (), (), {})
    assert unpack(pack(bundle)) == bundle
