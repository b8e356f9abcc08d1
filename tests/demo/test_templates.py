"""The demo's templates take whatever the service tells people, and each says all of it."""

import pytest

from demo import templates
from flows.message_events import EVENTS
from templates_msg.rules import check_filled


@pytest.mark.parametrize("purpose", templates.TITLES)
def test_a_template_of_the_demo_takes_what_its_event_says(purpose: str) -> None:
    said = EVENTS[purpose].values
    filled = {field: said[name].example for name, field in templates.fields(purpose).items()}
    assert len(filled) == len(said)
    check_filled(templates.content(purpose), filled)


def test_outlets_and_buyers_of_the_demo_are_told_of_what_waits_for_them() -> None:
    assert {"pickup_ready", "task_overdue", "night_list"} <= templates.TITLES.keys()
