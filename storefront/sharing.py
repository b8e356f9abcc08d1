"""Passing a page on: links of one's own, and the signature that lets WeChat's menu use them."""

import logging
import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from catalog.offers import is_on_sale
from catalog.queries import product_by_number
from flows.sharing import passed_on, share_links
from org.queries import rep_by_number
from referral.models import Subject
from storefront import session
from storefront.schemas import ShareRequest, body
from wechat.jssdk import jsapi_signature
from wx_backend import clock
from wx_backend.db import db, retried
from wx_backend.errors import BadInput, NotFound, PlatformError, Unavailable
from wx_backend.platform import config, jsapi_ticket

log = logging.getLogger(__name__)
bp = Blueprint("sharing", __name__)


class ForeignPage(BadInput):
    """Only addresses of this service are signed."""

    code, message = "foreign_page", "只能为本站页面签名"


@bp.post("/api/shares")
def create() -> ResponseReturnValue:
    """The links to pass a page on by: the viewer's own, or the one an anonymous viewer came by."""
    asked = body(ShareRequest())
    subject, key, path = shared_page(Subject(asked["subject"]), asked["key"])
    viewer, parent_id, now = session.viewer(), session.carried_share(), clock.now()
    if viewer is None:
        return jsonify(links=passed_on(parent_id, path))
    links = retried(
        lambda: share_links(
            identity_id=viewer.identity_id,
            member_id=viewer.member_id,
            sharing=(subject, key),
            parent_id=parent_id,
            now=now,
        )
    )
    return jsonify(links=links), 201


@bp.get("/api/jssdk")
def jssdk() -> ResponseReturnValue:
    """What `wx.config` takes for one of our own pages."""
    url = request.args.get("url", "")
    if not _is_own(url):
        raise ForeignPage
    appid = session.account().appid
    db.session.rollback()  # no transaction stays open around the call
    try:
        ticket = jsapi_ticket(appid)
    except PlatformError as error:
        log.warning("no JS-SDK ticket", extra={"api": error.api, "code": error.code})
        raise Unavailable from error
    return jsonify(_signed(appid, ticket, url))


def _signed(appid: str, ticket: str, url: str) -> dict[str, Any]:
    nonce, timestamp = secrets.token_hex(8), int(clock.now().timestamp())
    signature = jsapi_signature(ticket=ticket, nonce=nonce, timestamp=timestamp, url=url)
    return {"appId": appid, "timestamp": timestamp, "nonceStr": nonce, "signature": signature}


def shared_page(subject: Subject, key: str) -> tuple[Subject, str, str]:
    """The page to share, which must be on show, and its address. Raises NotFound."""
    if subject is Subject.PRODUCT:
        product = product_by_number(key)
        if product is None or not is_on_sale(product, clock.now()):
            raise NotFound
        return subject, product.number, f"/p/{product.number}"
    if not key:
        return Subject.SHOWROOM, "", "/"
    if rep_by_number(key) is None:
        raise NotFound
    return Subject.SHOWROOM, key, f"/r/{key}"


def _is_own(url: str) -> bool:
    """Whether an address is a page of this service: scheme and host exactly ours."""
    service = config().service
    own = urlsplit(service.base_url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_clean = url.isascii() and url.isprintable() and "\\" not in url and "@" not in parts.netloc
    hosts = {own.netloc, *service.extra_hosts}
    return is_clean and parts.scheme == own.scheme and parts.netloc in hosts
