"""Setting up accounts and merchants, as their consoles do."""

from urllib.parse import urlencode

from flask import Blueprint

from simulator import crypto, outgoing, paykeys, pushes
from simulator.api.mass import answer_of_administrator
from simulator.api.tokens import invalidate
from simulator.control.frame import Control, body, changed
from simulator.errors import Refused
from simulator.pay.gate import serials
from simulator.pay_records import Merchant
from simulator.records import JSON, Account, ConsoleSetup, Contact, Draft, Template
from simulator.world import World

_SECRETS = ("platform_private_key", "certificate_private_key", "apiv3_key")
_HEX = "0123456789ABCDEF"


def blueprint(world: World) -> Blueprint:
    """Accounts, their templates and tokens."""
    control = Control("accounts", world)

    @control.route("GET", "/accounts")
    def accounts() -> JSON:
        return {"accounts": [vars(account) for account in world.accounts]}

    @control.route("PUT", "/accounts/<appid>")
    def configure(appid: str) -> JSON:
        account = world.accounts.find(appid) or Account(appid, gh_id=f"gh_{appid[-12:]}")
        return vars(world.accounts.save(_checked(changed(account, body()))))

    @control.route("PUT", "/accounts/<appid>/templates/<template_id>")
    def template(appid: str, template_id: str) -> JSON:
        world.account(appid)
        row = world.templates.find(appid, template_id) or Template(appid, template_id, "", "")
        return vars(world.templates.save(changed(row, body())))

    @control.route("PUT", "/accounts/<appid>/console")
    def console(appid: str) -> JSON:
        """What the account's owner sets by hand: a menu in place of the API's, automatic replies."""
        world.account(appid)
        setup = changed(world.console_setups.find(appid) or ConsoleSetup(appid), body())
        return vars(world.console_setups.save(setup))

    @control.route("POST", "/accounts/<appid>/invalidate_tokens")
    def invalidate_tokens(appid: str) -> JSON:
        return {"invalidated": invalidate(world, world.account(appid).appid)}

    @control.route("POST", "/accounts/<appid>/push")
    def any_push(appid: str) -> JSON:
        """Push any fields, for kinds that no act causes."""
        account, asked = world.account(appid), body()
        name = asked.get("person")
        contact = world.contact(appid, name) if name else Contact(appid, "", "")
        task = pushes.push(world, account, contact, dict(asked.get("fields") or {}))
        return {"task": task.number if task else None}

    @control.route("POST", "/accounts/<appid>/verify_url", locked=False)
    def verify_url(appid: str) -> JSON:
        return _verify(world, appid)

    return control.blueprint


def editors(world: World) -> Blueprint:
    """What an account's editors and its administrator do by hand."""
    control = Control("editors", world)

    @control.route("PUT", "/accounts/<appid>/drafts/<media_id>")
    def draft(appid: str, media_id: str) -> JSON:
        """What the account's editors write by hand: one article."""
        world.account(appid)
        return vars(world.drafts.save(Draft(appid, media_id, [body()], world.now())))

    @control.route("POST", "/accounts/<appid>/mass/<msg_id>")
    def administrator(appid: str, msg_id: str) -> JSON:
        """The administrator answers whether a mass send may go out: `agrees`."""
        return answer_of_administrator(world, appid, msg_id, agrees=body().get("agrees") is True)

    return control.blueprint


def merchants(world: World) -> Blueprint:
    """Merchants; missing platform keys are made."""
    control = Control("merchants", world)

    @control.route("GET", "/merchants")
    def listed() -> JSON:
        return {"merchants": [_shown(merchant) for merchant in world.merchants]}

    @control.route("PUT", "/merchants/<mchid>")
    def configure(mchid: str) -> JSON:
        merchant = changed(world.merchants.find(mchid) or Merchant(mchid), body())
        if merchant.apiv3_key and len(merchant.apiv3_key.encode()) != 32:
            raise Refused("apiv3_key is not 32 bytes long")
        if merchant.sign_with not in ("public_key", "certificate"):
            raise Refused("sign_with is public_key or certificate")
        try:
            merchant.public_key = paykeys.public_from(merchant.public_key)
        except (ValueError, TypeError) as error:
            raise Refused("public_key is not an RSA public key or certificate in PEM") from error
        _make_keys(world, merchant)
        return _shown(world.merchants.save(merchant))

    return control.blueprint


def _checked(account: Account) -> Account:
    if account.kind not in ("official", "mini"):
        raise Refused("kind is official or mini")
    if account.mode not in ("safe", "compatible", "plaintext"):
        raise Refused("mode is safe, compatible or plaintext")
    if account.format not in ("xml", "json"):
        raise Refused("format is xml or json")
    keys = (account.encoding_aes_key, account.previous_aes_key)
    if any(key and len(key) != 43 for key in keys):
        raise Refused("an encoding key has 43 characters")
    if account.callback_url and account.mode != "plaintext" and not account.encoding_aes_key:
        raise Refused("this mode needs encoding_aes_key")
    return account


def _verify(world: World, appid: str) -> JSON:
    """What saving the server address in the console does: send `echostr` and want it back."""
    with world.acting():
        account = world.account(appid)
        timestamp, nonce = str(int(world.now())), world.chance(10, "0123456789")
        echo = world.chance(19, "0123456789")
    signature = crypto.signature(account.token, timestamp, nonce)
    query = {"signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": echo}
    url = f"{account.callback_url}?{urlencode(query)}"
    reaction = outgoing.send("GET", url, b"", {"User-Agent": "Mozilla/4.0"}, limit=5.0)
    is_verified = reaction.status == 200 and reaction.body == echo.encode()
    return {"verified": is_verified, "status": reaction.status, "fault": reaction.fault}


def _make_keys(world: World, merchant: Merchant) -> None:
    if not merchant.platform_private_key:
        merchant.platform_private_key = paykeys.new_private_key()
    if not merchant.platform_public_key_id:
        digits = world.chance(28, "0123456789")
        merchant.platform_public_key_id = f"PUB_KEY_ID_0{merchant.mchid}{digits}"
    if not merchant.has_certificate or merchant.certificate:
        return
    merchant.certificate_private_key = merchant.certificate_private_key or paykeys.new_private_key()
    serial = "5" + world.chance(39, _HEX)
    merchant.certificate_serial = serial
    merchant.certificate = paykeys.new_certificate(
        merchant.certificate_private_key, serial=int(serial, 16), at=world.now()
    )


def _shown(merchant: Merchant) -> JSON:
    """The merchant without the platform's secrets, with what the merchant has to configure."""
    open_fields = {name: v for name, v in vars(merchant).items() if name not in _SECRETS}
    public = paykeys.public_pem(merchant.platform_private_key)
    return {**open_fields, "platform_public_key": public, "serials": serials(merchant)}
