"""A number in an address is a row's, as large as rows may be and no larger."""

from flask.testing import FlaskClient

from wx_backend.row_ids import ID_MAX


def test_a_number_no_database_could_look_for_leads_nowhere(client: FlaskClient) -> None:
    assert client.get(f"/console/audit/{ID_MAX}").status_code == 302  # to the sign-in
    assert client.get(f"/console/audit/{ID_MAX + 1}").status_code == 404
