"""`/phone`: the page, what it polls, who holds it, and pictures of Moments."""

import base64

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from simulator.acts.reading import read_picture
from simulator.control.frame import answered, body
from simulator.errors import Refused
from simulator.phone import collecting, paying
from simulator.phone.holding import holder, pick_up
from simulator.phone.screen import screen
from simulator.world import World

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob: http: https:; base-uri 'none'; frame-ancestors 'none'"
)


def blueprint(world: World) -> Blueprint:
    """The phone over one world."""
    phone = Blueprint("phone", __name__, url_prefix="/phone", static_folder="static")
    phone.template_folder = "templates"
    _add_page(phone, world)
    _add_calls(phone, world)
    paying.add_sheet(phone, world)
    collecting.add_collecting(phone, world)

    @phone.errorhandler(Refused)
    def refuse(error: Refused) -> Response:
        return answered({"error": str(error)}, 409)

    @phone.after_request
    def guard(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _CSP
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-cache")
        return response

    return phone


def _add_page(phone: Blueprint, world: World) -> None:
    @phone.get("")
    def show() -> ResponseReturnValue:
        """The page; at the address accounts know, so that its cookie is there when they ask."""
        if request.host_url.rstrip("/") != world.base_url:
            return redirect(f"{world.base_url}/phone")
        return render_template("phone/phone.html")

    @phone.get("/moments/<int:number>.jpg")
    def picture(number: int) -> Response:
        with world.acting():
            found = world.moments.find(str(number))
        if found is None or not found.picture:
            return Response(status=404)
        return Response(base64.b64decode(found.picture), content_type="image/jpeg")


def _add_calls(phone: Blueprint, world: World) -> None:
    @phone.get("/screen")
    def look() -> Response:
        """What is new on the holder's phone since a line's number."""
        since = request.args.get("since", 0, type=int)
        with world.acting():
            person = holder(world)
            people = [one.name for one in world.people]
            shown = screen(world, person, since) if person else {"person": None}
            return answered({**shown, "people": people})

    @phone.post("/holder")
    def hold() -> Response:
        """Hand the phone to `person`."""
        with world.acting():
            name = str(body().get("person", ""))
            return pick_up(world, name, answered({"person": name}))

    @phone.post("/read")
    def read() -> Response:
        """The text of the code in a picture, for menu buttons that scan."""
        return answered({"text": read_picture(request.get_data())})
