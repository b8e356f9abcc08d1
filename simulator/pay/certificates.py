"""Platform certificates: what old merchants fetch and new ones do not have."""

from simulator import paykeys
from simulator.clock import DAY, rfc3339
from simulator.errors import PayError
from simulator.pay.gate import PayCall
from simulator.records import JSON


def listed(call: PayCall) -> JSON:
    """The certificates under the API v3 key; raises PayError 404 for public-key merchants."""
    merchant = call.merchant
    if not merchant.has_certificate:
        raise PayError(
            404, "RESOURCE_NOT_EXISTS", "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥"
        )
    nonce = call.world.chance(12)
    sealed = paykeys.encrypt_resource(
        merchant.apiv3_key,
        nonce=nonce,
        associated="certificate",
        plain=merchant.certificate.encode(),
    )
    certificate = {
        "serial_no": merchant.certificate_serial,
        "effective_time": rfc3339(call.now - DAY),
        "expire_time": rfc3339(call.now + 5 * 365 * DAY),
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": "certificate",
            "ciphertext": sealed,
        },
    }
    return {"data": [certificate]}
