"""Subscription notices: each needs a consent that the person gave before."""

from simulator import pushes
from simulator.api.calls import OK, Answer, Call, endpoint, event_delay
from simulator.api.fields import checked_data
from simulator.api.templates import show, template_of
from simulator.errors import ApiError


@endpoint("GET", "/wxaapi/newtmpl/gettemplate", daily=1000)
def all_templates(call: Call) -> Answer:
    """The account's templates of subscription notices."""
    listed = [
        {
            "priTmplId": each.template_id,
            "title": each.title,
            "content": each.content,
            "example": "",
            "type": 2,
        }
        for each in call.world.templates
        if each.appid == call.account.appid and each.is_subscription
    ]
    return {**OK, "data": listed}


@endpoint("POST", "/cgi-bin/message/subscribe/bizsend", daily=100_000)
def bizsend(call: Call) -> Answer:
    """An Official Account's notice; it also reaches people who do not follow."""
    return _send(call)


@endpoint("POST", "/cgi-bin/message/subscribe/send", daily=3_000_000)
def send(call: Call) -> Answer:
    """A mini-program's notice."""
    if call.account.kind != "mini":
        raise ApiError(48001)
    return _send(call)


def _send(call: Call) -> Answer:
    contact = call.contact(call.text("touser", missing=40003))
    template = template_of(call)
    data = checked_data(template.content, call.body.get("data"))
    _check_page(call)
    left = contact.consents.get(template.template_id, 0)
    if left < 1:
        raise ApiError(43101)
    contact.consents[template.template_id] = left - 1
    call.world.contacts.save(contact)
    msg_id = call.world.msg_id()
    target = {name: call.body[name] for name in ("page", "miniprogram") if call.body.get(name)}
    show(call, contact, template, "subscribe", {"data": data, **target}, msg_id)
    entry = {
        "TemplateId": template.template_id,
        "MsgID": str(msg_id),
        "ErrorCode": 0,
        "ErrorStatus": "success",
    }
    event = {
        "MsgType": "event",
        "Event": "subscribe_msg_sent_event",
        "SubscribeMsgSentEvent": {"List": [entry]},
    }
    task = pushes.push(call.world, call.account, contact, event, delay=event_delay(call))
    call.caused += [task] if task else []
    return {**OK, "msgid": msg_id}


def _check_page(call: Call) -> None:
    """A mini-program's page has to be one of the published; raises ApiError 41030."""
    page = str(call.body.get("page") or "")
    if call.account.kind != "mini" or not page:
        return
    published = call.account.pages
    if page.startswith("/") or (published and page.partition("?")[0] not in published):
        raise ApiError(41030)
