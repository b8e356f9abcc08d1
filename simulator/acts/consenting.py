"""Agreeing to and refusing subscription notices, logging in, giving the phone number away."""

from simulator.acts.frame import Act, act
from simulator.api.oauth import new_pass
from simulator.errors import Refused
from simulator.records import JSON

PUSH_SERVICE = "WeChat's push service"
"""Sends in place of people who withdraw what an account may know; has an openid like everybody."""


@act("consent")
def consent(act: Act) -> JSON:
    """Answer the pop-up: `answers` maps template ids to `accept` or `reject`."""
    answers = act.arguments.get("answers")
    if not isinstance(answers, dict) or not answers:
        raise Refused("argument 'answers' is missing")
    contact = act.contact
    scene = "0" if act.account.kind == "mini" else str(act.arguments.get("scene", "1"))
    entries = []
    for template_id, answer in answers.items():
        if act.world.templates.find(contact.appid, template_id) is None:
            raise Refused(f"no template {template_id!r}")
        if answer == "accept":
            contact.consents[template_id] = contact.consents.get(template_id, 0) + 1
        entry = {"TemplateId": template_id, "SubscribeStatusString": answer, "PopupScene": scene}
        entries.append(entry)
    act.world.contacts.save(contact)
    return act.event("subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": entries})


@act("refuse")
def refuse(act: Act) -> JSON:
    """Switch notices off in the settings: `template_ids`; all consents to them are gone."""
    contact = act.contact
    template_ids = act.arguments.get("template_ids") or []
    for template_id in template_ids:
        contact.consents.pop(template_id, None)
    act.world.contacts.save(contact)
    entries = [{"TemplateId": t, "SubscribeStatusString": "reject"} for t in template_ids]
    return act.event("subscribe_msg_change_event", SubscribeMsgChangeEvent={"List": entries})


@act("revoke")
def revoke(act: Act) -> JSON:
    """Withdraw what the account was allowed to know: `info` is the platform's code for it."""
    info = str(act.arguments.get("info", "1"))
    return _told_by_service(act, "user_authorization_revoke", RevokeInfo=info)


@act("close_account")
def close_account(act: Act) -> JSON:
    """Close the WeChat account: every account that knew the person has to forget him."""
    return _told_by_service(act, "user_authorization_cancellation")


@act("be_cleaned")
def be_cleaned(act: Act) -> JSON:
    """Have a name or a picture that broke the rules taken off the profile by WeChat."""
    return _told_by_service(act, "user_info_modified")


def _told_by_service(act: Act, event: str, **fields: str) -> JSON:
    """An event about the person whose sender is the platform's push service, not the person."""
    appid = act.account.appid
    return act.event(
        event,
        FromUserName=act.world.openid(appid, PUSH_SERVICE),
        OpenID=act.contact.openid,
        AppID=appid,
        **fields,
    )


@act("login")
def login(act: Act) -> JSON:
    """`wx.login` in a mini-program: a code for one use."""
    return {"code": new_pass(act.world, "login", act.account.appid, act.contact.openid).code}


@act("give_phone")
def give_phone(act: Act) -> JSON:
    """The phone-number button of a mini-program: a code for one use."""
    if not act.person.phone:
        raise Refused("the person has no phone number")
    return {"code": new_pass(act.world, "phone", act.account.appid, act.contact.openid).code}
