"""Who is credited: one attribution per line, by a touch that is proven, decided before it was paid."""

from demo.story.frame import Story, expect

NEWEST = (
    "SELECT order_line_id, max(version) AS version, count(*) AS versions FROM attribution"
    " GROUP BY order_line_id"
)


def lines_have_one_winner(story: Story) -> str:
    """Each line's newest attribution says whom the line credits; versions follow each other."""
    gaps = story.rows(f"SELECT * FROM ({NEWEST}) AS newest WHERE version <> versions")  # noqa: S608 - our own text
    expect("lines with a version missing", gaps, [])
    wrong = story.rows(
        f"SELECT order_line.id FROM order_line JOIN ({NEWEST}) AS newest"  # noqa: S608 - likewise
        " ON newest.order_line_id = order_line.id JOIN attribution"
        " ON attribution.order_line_id = newest.order_line_id"
        " AND attribution.version = newest.version"
        " WHERE coalesce(attribution.developer_rep_id, 0) <> coalesce(order_line.developer_rep_id, 0)"
    )
    expect("lines that credit somebody else", wrong, [])
    missing = story.value(
        "SELECT count(*) FROM order_line WHERE developer_rep_id IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM attribution WHERE attribution.order_line_id = order_line.id)"
    )
    expect("lines credited without a reason", missing, 0)
    return f"{story.count('attribution')} attributions"


def commission_follows_credit(story: Story) -> str:
    """The developer's commission is whose the newest attribution says, or whom two persons gave the line to."""
    wrong = story.rows(
        f"SELECT commission.id FROM commission JOIN accrual ON accrual.id = commission.accrual_id"  # noqa: S608 - our own text
        f" JOIN ({NEWEST}) AS newest ON newest.order_line_id = accrual.order_line_id"
        " JOIN attribution ON attribution.order_line_id = newest.order_line_id"
        " AND attribution.version = newest.version WHERE commission.role = 'developer'"
        " AND commission.rep_id <> coalesce((SELECT reassignment.to_rep_id FROM reassignment"
        " WHERE reassignment.order_line_id = accrual.order_line_id"
        " AND reassignment.verdict = 'approved'"
        " ORDER BY reassignment.decided_at DESC, reassignment.id DESC LIMIT 1),"
        " attribution.developer_rep_id, 0)"
    )
    expect("commission of somebody who is not credited", wrong, [])
    return f"{story.count('commission')} parts, {story.count('reassignment')} given to another rep"


def attributions_are_proven_and_in_time(story: Story) -> str:
    """What won is a touch with a share behind it, and nothing was decided anew once we knew of the money."""
    unproven = story.rows(
        "SELECT attribution.id FROM attribution LEFT JOIN touch ON touch.id = attribution.touch_id"
        " LEFT JOIN share ON share.id = touch.share_id WHERE attribution.touch_id IS NOT NULL"
        " AND (share.id IS NULL OR touch.certainty NOT IN ('platform', 'signed', 'staff')"
        " OR (touch.certainty = 'staff') <> (touch.kind = 'served'))"
    )
    expect("attributions without a share", unproven, [])
    late = story.rows(
        "SELECT attribution.id FROM attribution"
        " JOIN order_line ON order_line.id = attribution.order_line_id"
        " JOIN order_transition ON order_transition.order_id = order_line.order_id"
        " WHERE order_transition.line_id IS NULL AND order_transition.to_status = 'paid'"
        " AND attribution.version > 1 AND attribution.decided_at > order_transition.moved_at"
    )
    expect("attributions decided after we knew of the money", late, [])
    return "all proven, none late"


def lines_keep_their_policy(story: Story) -> str:
    """Each line is decided by the policy that held when it was placed, and what two persons agreed to is a version."""
    wrong = story.rows(
        "SELECT attribution.id FROM attribution"
        " JOIN order_line ON order_line.id = attribution.order_line_id"
        " JOIN sales_order ON sales_order.id = order_line.order_id"
        " WHERE attribution.policy_version <> (SELECT version FROM policy_version"
        " WHERE valid_from <= sales_order.placed_at AND NOT EXISTS (SELECT 1 FROM policy_call_off"
        " WHERE policy_call_off.version = policy_version.version)"
        " ORDER BY valid_from DESC LIMIT 1)"
    )
    expect("lines decided by another policy than that of their moment", wrong, [])
    lost = story.rows(
        "SELECT id FROM policy_draft WHERE verdict = 'approved' AND NOT EXISTS"
        " (SELECT 1 FROM policy_version WHERE policy_version.version = policy_draft.version"
        " AND policy_version.valid_from = policy_draft.valid_from"
        " AND policy_version.staff_id = policy_draft.drafted_by)"
    )
    expect("policies agreed to that are no version", lost, [])
    return f"{story.count('policy_version')} versions of the policy"


def pushes_act_once(story: Story) -> str:
    """No push, no reason had two effects: touches, follows and messages are each of one key."""
    twice = {
        "touches": "SELECT key FROM touch GROUP BY key HAVING count(*) > 1",
        "messages": "SELECT key FROM message GROUP BY key HAVING count(*) > 1",
        "notices": "SELECT key FROM pay_notice GROUP BY key HAVING count(*) > 1",
        "sales": "SELECT key FROM posting GROUP BY key HAVING count(*) > 1",
    }
    for name, query in twice.items():
        expect(f"{name} twice", story.rows(query), [])
    return ", ".join(twice)
