"""Template messages and the account's template list."""

from simulator import pushes
from simulator.api.calls import OK, Answer, Call, endpoint, event_delay
from simulator.api.fields import checked_data, keywords
from simulator.errors import ApiError
from simulator.records import JSON, Contact, Sent, Template

_MOST_TEMPLATES = 25
_DEDUPE_SECONDS = 600
# How keyword names of the library are typed; anything else is a `thing`.
_TYPED = (
    ("金额", "amount"),
    ("时间", "time"),
    ("日期", "date"),
    ("单号", "character_string"),
    ("编号", "character_string"),
    ("手机", "phone_number"),
    ("电话", "phone_number"),
    ("状态", "phrase"),
)


@endpoint("POST", "/cgi-bin/message/template/send", daily=100_000)
def send(call: Call) -> Answer:
    """Accept one message; whether it arrived is told by TEMPLATESENDJOBFINISH."""
    contact = call.contact(call.text("touser", missing=40003))
    template = template_of(call)
    if not contact.is_following:
        raise ApiError(43004)
    data = checked_data(template.content, call.body.get("data"))
    repeated = _earlier(call, contact)
    if repeated:
        return {**OK, "msgid": repeated.msg_id}
    msg_id = call.world.msg_id()
    client_id = call.body.get("client_msg_id")
    if client_id:
        key = f"{contact.openid}/{client_id}"
        call.world.sent.save(Sent(call.account.appid, key, msg_id, call.now))
    status = "failed:user block" if contact.is_blocking else "success"
    if status == "success":
        show(call, contact, template, "template", {"data": data, **_target(call.body)}, msg_id)
    event = {
        "MsgType": "event",
        "Event": "TEMPLATESENDJOBFINISH",
        "MsgID": msg_id,
        "Status": status,
    }
    task = pushes.push(call.world, call.account, contact, event, delay=event_delay(call))
    call.caused += [task] if task else []
    return {**OK, "msgid": msg_id}


@endpoint("GET", "/cgi-bin/template/get_all_private_template", daily=1000)
def all_templates(call: Call) -> Answer:
    mine = [t for t in call.world.templates if t.appid == call.account.appid]
    mine = [t for t in mine if not t.is_subscription]
    listed = [
        {
            "template_id": t.template_id,
            "title": t.title,
            "primary_industry": "",
            "deputy_industry": "",
            "content": t.content,
            "example": "",
        }
        for t in mine
    ]
    return {"template_list": listed}


@endpoint("POST", "/cgi-bin/template/api_add_template", daily=1000)
def add_template(call: Call) -> Answer:
    """Take a template over from the library; its keywords are typed by their names."""
    short = call.text("template_id_short", missing=40037)
    names = call.body.get("keyword_name_list") or []
    appid = call.account.appid
    if sum(t.appid == appid for t in call.world.templates) >= _MOST_TEMPLATES:
        raise ApiError(45026, "template num exceeds limit")
    lines = [f"{name}:{{{{{_kind(str(name))}{n}.DATA}}}}" for n, name in enumerate(names, 1)]
    content = "\n".join(lines or ["内容:{{thing1.DATA}}"])
    template = Template(appid, call.world.chance(43), f"模板{short}", content)
    call.world.templates.save(template)
    return {**OK, "template_id": template.template_id}


@endpoint("POST", "/cgi-bin/template/del_private_template", daily=1000)
def delete_template(call: Call) -> Answer:
    call.world.templates.drop(template_of(call).key)
    return OK


def template_of(call: Call) -> Template:
    """The template a call names; raises ApiError 40037 or 43116."""
    wanted = call.text("template_id", missing=40037)
    template = call.world.templates.find(call.account.appid, wanted)
    if template is None:
        raise ApiError(40037)
    if template.is_banned:
        raise ApiError(43116)
    return template


def show(
    call: Call, contact: Contact, template: Template, kind: str, content: JSON, msg_id: int
) -> None:
    """Put a notice on the person's phone and write it down."""
    shown = {
        "template_id": template.template_id,
        "title": template.title,
        "keywords": keywords(template.content),
        **content,
    }
    call.world.write(
        contact.person,
        contact.appid,
        "account",
        kind,
        msg_type=kind,
        content=shown,
        msg_id=str(msg_id),
    )
    call.world.witness(
        "message.delivered",
        appid=contact.appid,
        openid=contact.openid,
        person=contact.person,
        message=kind,
        template_id=template.template_id,
        data=content.get("data", {}),
        page=str(content.get("page", "")),
        client_msg_id=call.body.get("client_msg_id", ""),
        msg_id=str(msg_id),
    )


def _earlier(call: Call, contact: Contact) -> Sent | None:
    """The same openid and client id within ten minutes: nothing is sent again."""
    client_id = call.body.get("client_msg_id")
    if not client_id:
        return None
    found = call.world.sent.find(call.account.appid, f"{contact.openid}/{client_id}")
    return found if found and call.now - found.at < _DEDUPE_SECONDS else None


def _target(body: JSON) -> JSON:
    return {name: body[name] for name in ("url", "miniprogram") if body.get(name)}


def _kind(name: str) -> str:
    return next((kind for part, kind in _TYPED if part in name), "thing")
