"""The rows of a year as PostgreSQL writes them itself: trade that looks like trade, all of it repeatable.

Everything follows from a row's number: `pg_temp.chance(n, salt)` is a share of one that looks like chance,
`pg_temp.moment(share)` an instant of the year, denser in the evenings and at weekends, later for a
larger share. A few reps sell most: the square of a chance. Ids are given, so that no row has to be looked up.
"""

from typing import Final

PREPARE: Final = (
    """CREATE FUNCTION pg_temp.chance(n bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
       'SELECT (hashint8(n * 1000003 + salt) & 2147483647) / 2147483648.0'""",
    """CREATE FUNCTION pg_temp.moment(share float8) RETURNS timestamptz LANGUAGE sql STABLE AS $$
       SELECT current_setting('bench.began')::timestamptz + interval '365 days' * (share
         + 0.4 * sin(6.2831853 * 52 * share) / (6.2831853 * 52)
         + 0.55 * sin(6.2831853 * 365 * share) / (6.2831853 * 365)) $$""",
    """CREATE TEMP TABLE seller AS
       SELECT row_number() OVER (ORDER BY md5(id::text)) - 1 AS rank, id, outlet_id FROM rep""",
    "CREATE UNIQUE INDEX ON seller (rank)",
    # What every order is, once: who bought from whom, when, and what became of it.
    """CREATE TEMP TABLE sold AS
       SELECT n, pg_temp.moment((n - 1) / CAST(:orders AS float8)) AS at, s.id AS rep_id, s.outlet_id,
              CAST(floor(pg_temp.chance(n, 2) * :members) AS bigint) AS buyer,
              CASE WHEN pg_temp.chance(n, 3) < 0.18 THEN 'closed' WHEN pg_temp.chance(n, 3) < 0.21
                   THEN 'refunded' ELSE 'paid' END AS status,
              CASE WHEN pg_temp.chance(n, 4) < 0.4 THEN 'pickup' ELSE 'courier' END AS delivery,
              pg_temp.chance(n, 5) < 0.2 AS has_plan
       FROM generate_series(1, CAST(:orders AS bigint)) n
       JOIN seller s ON s.rank = CAST(floor(:reps * power(pg_temp.chance(n, 1), 2)) AS bigint)""",
    "CREATE UNIQUE INDEX ON sold (n)",
    "ANALYZE sold",
    "ANALYZE seller",
)

PEOPLE: Final = (
    """INSERT INTO member (id, number, name, created_at)
       SELECT :member0 + n, 'MB26' || lpad(n::text, 17, '0'), '', pg_temp.moment(0)
       FROM generate_series(0, :members - 1) n""",
    """INSERT INTO identity (id, appid, openid, member_id, is_followed, seen_at, created_at)
       SELECT :identity0 + n, :appid, 'oX' || n, :member0 + n, n % 3 > 0, pg_temp.moment(0),
              pg_temp.moment(0) FROM generate_series(0, :members - 1) n""",
    """INSERT INTO share (id, parent_key, sharer_key, rep_id, root_rep_id, subject, subject_key, place,
                          depth, created_at)
       SELECT 1 + rank, 0, 'rep:' || id, id, id, 'showroom', '', 'poster', 0, pg_temp.moment(0)
       FROM seller""",
    # Customers pass it on: a fifth of the contacts come over their shares.
    """INSERT INTO share (id, parent_id, parent_key, sharer_key, identity_id, root_rep_id, subject,
                          subject_key, place, depth, created_at)
       SELECT 1 + :reps + n, p.id, p.id, 'identity:' || :identity0 + n, :identity0 + n, p.root_rep_id,
              'showroom', '', 'chat', 1, pg_temp.moment(pg_temp.chance(n, 6))
       FROM generate_series(0, :members / 5 - 1) n
       JOIN share p ON p.id = 1 + CAST(floor(:reps * power(pg_temp.chance(n, 7), 2)) AS bigint)""",
    """INSERT INTO touch (key, identity_id, share_id, kind, certainty, event_at, known_at)
       SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'),
              :identity0 + CAST(floor(pg_temp.chance(n, 8) * :members) AS bigint),
              1 + CASE WHEN n % 5 = 0 AND :members >= 5
                  THEN :reps + CAST(floor(pg_temp.chance(n, 9) * (:members / 5)) AS bigint)
                  ELSE CAST(floor(:reps * power(pg_temp.chance(n, 9), 2)) AS bigint) END,
              (ARRAY['link_opened', 'scan', 'link_opened', 'subscribe'])[n % 4 + 1],
              (ARRAY['signed', 'platform', 'signed', 'platform'])[n % 4 + 1],
              pg_temp.moment((n - 1) / CAST(:touches AS float8)),
              pg_temp.moment((n - 1) / CAST(:touches AS float8))
       FROM generate_series(1, CAST(:touches AS bigint)) n""",
    # The pushes behind scans and follows; bodies are kept for ninety days.
    """INSERT INTO push (key, account, kind, raw, digest, reply, event_at, known_at, status, attempts,
                         due_at, done_at)
       SELECT key, :account, CASE kind WHEN 'scan' THEN 'SCAN' ELSE kind END,
              CASE WHEN event_at > now() - interval '90 days' THEN convert_to(repeat('<xml>', 60), 'UTF8') END,
              key || key, '', event_at, known_at, 'done', 1, known_at, known_at
       FROM touch WHERE certainty = 'platform'""",
)

ORDERS: Final = (
    """INSERT INTO sales_order (id, number, member_id, identity_id, client_key, content, status, moves,
                                total_fen, discount_fen, payable_fen, delivery, outlet_id, placed_at,
                                expires_at, paid_at, closed_at)
       SELECT n, 'OD26' || lpad(n::text, 17, '0'), :member0 + buyer, :identity0 + buyer, 'k' || n,
              '\\x00000000000000000000000000000000', status, 2, 199900 + 10000 * has_plan::int, 0,
              199900 + 10000 * has_plan::int, delivery,
              CASE delivery WHEN 'pickup' THEN outlet_id END, at, at + interval '30 minutes',
              CASE WHEN status <> 'closed' THEN at + interval '1 minute' END,
              CASE WHEN status = 'closed' THEN at + interval '30 minutes' END
       FROM sold ORDER BY n""",
    """INSERT INTO order_line (id, order_id, position, sku_id, product_id, category_id, product_kind, name,
                               quantity, unit_price_fen, list_fen, discount_fen, paid_fen,
                               collected_fen, refund_reserved_fen, refunded_fen, fulfilment,
                               outlet_id, developer_rep_id, policy_version, real_name_state)
       SELECT 2 * n - 2 + p.position, n, p.position, k.id, k.product_id, :category, p.kind, p.name, 1, p.fen,
              p.fen, 0, p.fen, p.collected_fen, back.fen, back.fen,
              CASE WHEN status = 'paid' THEN p.ends ELSE 'cancelled' END, outlet_id, rep_id, 1, p.real_name
       FROM sold
       JOIN (VALUES (1, CAST(:phone AS bigint), 'goods', '星河手机', 199900, 0, 'received', 'not_needed'),
                    (2, CAST(:plan AS bigint), 'plan', '畅享套餐', 10000, 10000, 'activated', 'passed'))
            p(position, sku, kind, name, fen, collected_fen, ends, real_name)
         ON p.position = 1 OR has_plan
       JOIN sku k ON k.id = p.sku
       CROSS JOIN LATERAL (SELECT CASE status WHEN 'refunded' THEN p.fen ELSE 0 END AS fen) back
       ORDER BY n, p.position""",
    """INSERT INTO order_transition (order_id, position, from_status, to_status, actor, cause, moved_at)
       SELECT n, m.position, m.before, m.after, 'system', 'bench', at + m.later FROM sold
       JOIN (VALUES (1, NULL, 'placed', interval '0', 'any'),
                    (2, 'placed', 'paid', interval '1 minute', 'paid'),
                    (3, 'paid', 'refunded', interval '2 days', 'refunded'),
                    (2, 'placed', 'closed', interval '30 minutes', 'closed'))
            m(position, before, after, later, of)
         ON m.of = 'any' OR m.of = status OR m.of = 'paid' AND status = 'refunded'
       ORDER BY n, m.position""",
    """INSERT INTO payment (id, out_trade_no, order_id, identity_id, mchid, appid, amount_fen, currency,
                            description, status, is_winner, trade_type, prepay_id, prepaid_at,
                            transaction_id, payer_total_fen, source, success_at, settled_at, created_at,
                            expires_at, refund_reserved_fen, refunded_fen, refund_count)
       SELECT n, 'PY26' || lpad(n::text, 17, '0'), n, :identity0 + buyer, :mchid, :appid, price.fen, 'CNY',
              '星河手机', 'succeeded', true, 'JSAPI', 'wx' || n, at, '42' || lpad(n::text, 26, '0'), price.fen,
              'notice', at + interval '1 minute', at + interval '1 minute', at, at + interval '30 minutes',
              back.fen, back.fen, (status = 'refunded')::int
       FROM sold CROSS JOIN LATERAL (SELECT 199900 + 10000 * has_plan::int AS fen) price
       CROSS JOIN LATERAL (SELECT CASE status WHEN 'refunded' THEN price.fen ELSE 0 END AS fen) back
       WHERE status <> 'closed' ORDER BY n""",
    """INSERT INTO refund (id, out_refund_no, key, payment_id, amount_fen, reason, actor, status, refund_id,
                           asked_at, success_at, ended_at)
       SELECT n, 'RF26' || lpad(n::text, 17, '0'), 'bench:' || n, n, 199900 + 10000 * has_plan::int, '退货',
              'staff:1', 'succeeded', '50' || n, at + interval '2 days', at + interval '2 days',
              at + interval '2 days'
       FROM sold WHERE status = 'refunded' ORDER BY n""",
    """INSERT INTO refund_line (refund_id, order_line_id, amount_fen, collected_fen)
       SELECT order_id, id, paid_fen, collected_fen FROM order_line WHERE refunded_fen > 0""",
)

CREDIT: Final = (
    """INSERT INTO attribution (id, order_line_id, version, developer_rep_id, developer_bp, acceptor_bp,
                                outlet_id, share_id, policy_version, reason, decided_at)
       SELECT l.id, l.id, 1, l.developer_rep_id, 10000, 0, l.outlet_id, s.id, 1, 'last_employee', sold.at
       FROM order_line l JOIN sold ON sold.n = l.order_id
       JOIN share s ON s.rep_id = l.developer_rep_id ORDER BY l.id""",
    """INSERT INTO receipt (id, number, attribution_id, body, created_at)
       SELECT id, 'RC26' || lpad(id::text, 17, '0'), id, json_build_object('line', id, 'touches', '[]'),
              decided_at FROM attribution""",
)

COMMISSION: Final = (
    """INSERT INTO accrual (id, order_line_id, event, rate_rule_id, paid_fen, commission_fen, refunded_fen,
                            accrued_at, term_months)
       SELECT l.id, l.id, 'paid', :rate, l.paid_fen, l.paid_fen / 20, l.refunded_fen,
              sold.at + interval '1 minute', 0
       FROM order_line l JOIN sold ON sold.n = l.order_id WHERE sold.status <> 'closed'""",
    """INSERT INTO commission (id, accrual_id, rate_rule_id, rep_id, role, share_bp, milestone, month, part_bp,
                               hold_days, amount_fen, taken_back_fen, due_at, vested_at)
       SELECT a.id, a.id, :rate, l.developer_rep_id, 'developer', 10000, 'received', 0, 10000, 7,
              a.commission_fen, CASE WHEN a.refunded_fen > 0 THEN a.commission_fen ELSE 0 END,
              a.accrued_at + interval '9 days',
              CASE WHEN a.accrued_at < now() - interval '9 days' THEN a.accrued_at + interval '9 days' END
       FROM accrual a JOIN order_line l ON l.id = a.order_line_id""",
)

MESSAGES: Final = (
    """INSERT INTO message (key, appid, identity_id, kind, purpose, template_id, content, status, msgid,
                            created_at, sending_at, sent_at, outcome_at)
       SELECT 'order_paid:' || n, :appid, :identity0 + buyer, 'template', 'order_paid', 'T', '{}', 'delivered',
              n::text, at, at, at, at
       FROM sold WHERE status <> 'closed'""",
)

BOOKS: Final = (
    """INSERT INTO account (id, kind, owner_kind, owner_id, currency)
       SELECT row_number() OVER (), a.kind, a.owner_kind, a.owner_id, 'CNY' FROM (
         VALUES ('wechat_clearing', 'merchant', CAST(:mchid AS bigint)), ('revenue', 'company', 0),
                ('commission_expense', 'company', 0)) a(kind, owner_kind, owner_id)""",
    """INSERT INTO account (id, kind, owner_kind, owner_id, currency)
       SELECT 10 + 2 * rank, 'commission_held', 'rep', id, 'CNY' FROM seller
       UNION ALL SELECT 11 + 2 * rank, 'commission_payable', 'rep', id, 'CNY' FROM seller""",
    # A payment, a commission, and that it is free: one posting of two entries each.
    """CREATE TEMP TABLE booked AS
       SELECT row_number() OVER (ORDER BY at) AS id, * FROM (
         SELECT 'payment' AS kind, 'pay:' || n AS key, at, 1::bigint AS debit, 2::bigint AS credit,
                199900 + 10000 * has_plan::int AS fen FROM sold WHERE status <> 'closed'
         UNION ALL SELECT 'commission', 'accrual:' || a.id, a.accrued_at, 3, 10 + 2 * s.rank, a.commission_fen
         FROM accrual a JOIN commission c ON c.accrual_id = a.id JOIN seller s ON s.id = c.rep_id
         UNION ALL SELECT 'vesting', 'vest:' || c.id, c.vested_at, 10 + 2 * s.rank, 11 + 2 * s.rank, c.amount_fen
         FROM commission c JOIN seller s ON s.id = c.rep_id WHERE c.vested_at IS NOT NULL) moved""",
    """INSERT INTO posting_sum (posting_id, total_fen, entries) SELECT id, 0, 2 FROM booked""",
    """INSERT INTO posting (id, kind, key, memo, posted_at, business_on, total_fen, entries)
       SELECT id, kind, key, '', at, (at AT TIME ZONE 'Asia/Shanghai')::date, 0, 2 FROM booked""",
    """INSERT INTO entry (posting_id, account_id, amount_fen)
       SELECT b.id, e.account, e.fen FROM booked b
       CROSS JOIN LATERAL (VALUES (b.debit, b.fen), (b.credit, -b.fen)) e(account, fen)""",
    """INSERT INTO account_balance (account_id, balance_fen)
       SELECT account_id, sum(amount_fen) FROM entry GROUP BY account_id""",
)

WAYS: Final = (
    """INSERT INTO fulfilment_chain (id, order_line_id, order_id, way, product_kind, category_id, quantity,
                                     pool_id, outlet_id, status, round, starts_at, is_same_day, opened_at,
                                     ended_at)
       SELECT l.id, l.id, l.order_id,
              CASE WHEN l.product_kind = 'plan' THEN 'plan' ELSE 'goods_' || sold.delivery END,
              l.product_kind, l.category_id, 1, NULL, l.outlet_id,
              CASE WHEN sold.status = 'refunded' THEN 'ended'
                   WHEN sold.at < now() - interval '4 days' THEN 'archived' ELSE 'running' END,
              1, 'configured', false, sold.at + interval '1 minute',
              CASE WHEN sold.at < now() - interval '4 days' THEN sold.at + interval '4 days' END
       FROM order_line l JOIN sold ON sold.n = l.order_id WHERE sold.status <> 'closed'""",
    """INSERT INTO fulfilment_task (chain_id, order_line_id, node, round, owner, outlet_id, status, entered_at,
                                    due_at, done_at)
       SELECT c.id, c.order_line_id, t.node, 1, t.owner, c.outlet_id,
              CASE WHEN t.node = 'packed' AND c.status = 'running' THEN 'open' ELSE 'done' END,
              c.opened_at, c.opened_at + interval '2 hours',
              CASE WHEN t.node <> 'packed' OR c.status <> 'running' THEN c.opened_at + interval '1 hour' END
       FROM fulfilment_chain c
       CROSS JOIN (VALUES ('paid', 'customer'), ('dispatched', 'pool'), ('packed', 'outlet')) t(node, owner)""",
)

FIGURES: Final = (
    """INSERT INTO figure_fact (kind, row_id, unit_id, happened_at, business_on, outlet_id, rep_id,
                                product_id, channel, amount_fen, pieces)
       SELECT k.kind, l.id, min(l.id) OVER (PARTITION BY l.order_id, k.kind), k.at,
              (k.at AT TIME ZONE 'Asia/Shanghai')::date, l.outlet_id, l.developer_rep_id, l.product_id,
              'own_hall', l.paid_fen, 1
       FROM order_line l JOIN sales_order o ON o.id = l.order_id
       CROSS JOIN LATERAL (VALUES ('placed', o.placed_at), ('paid', o.paid_at)) k(kind, at)
       WHERE k.at IS NOT NULL""",
    """INSERT INTO figure_fact (kind, row_id, unit_id, happened_at, business_on, outlet_id, rep_id,
                                product_id, channel, amount_fen, pieces)
       SELECT 'refunded', b.id, min(b.id) OVER (PARTITION BY b.refund_id), r.success_at,
              (r.success_at AT TIME ZONE 'Asia/Shanghai')::date, l.outlet_id, l.developer_rep_id,
              l.product_id, 'own_hall', b.amount_fen, 1
       FROM refund_line b JOIN refund r ON r.id = b.refund_id JOIN order_line l ON l.id = b.order_line_id""",
    """INSERT INTO figure_fact (kind, row_id, unit_id, happened_at, business_on, outlet_id, rep_id,
                                product_id, channel, amount_fen, pieces)
       SELECT CASE t.kind WHEN 'scan' THEN 'scan' WHEN 'subscribe' THEN 'follow' ELSE 'visit' END,
              t.id, t.id, t.event_at, (t.event_at AT TIME ZONE 'Asia/Shanghai')::date, r.outlet_id,
              r.id, NULL, 'own_hall', 0, 0
       FROM touch t JOIN share s ON s.id = t.share_id JOIN rep r ON r.id = s.root_rep_id""",
    # Of a paid order that was given back whole, on the day it was paid.
    """INSERT INTO figure_fact (kind, row_id, unit_id, happened_at, business_on, outlet_id, rep_id,
                                product_id, channel, amount_fen, pieces)
       SELECT 'returned', f.row_id, f.unit_id, f.happened_at, f.business_on, f.outlet_id, f.rep_id,
              f.product_id, f.channel, f.amount_fen, f.pieces
       FROM figure_fact f JOIN order_line l ON l.id = f.row_id JOIN sales_order o ON o.id = l.order_id
       WHERE f.kind = 'paid' AND o.status = 'refunded'""",
    """INSERT INTO figure_month (rep_id, month_on, kind, count, amount_fen)
       SELECT rep_id, month_on, kind, sum(count), sum(amount_fen) FROM (
         SELECT rep_id, date_trunc('month', business_on)::date AS month_on, kind,
                count(DISTINCT unit_id) AS count, sum(amount_fen) AS amount_fen
         FROM figure_fact WHERE rep_id IS NOT NULL GROUP BY outlet_id, rep_id, business_on, kind) days
       GROUP BY 1, 2, 3""",
    # First of each outlet; a place has what the outlets below it have, since nothing was moved.
    """CREATE TEMP TABLE outlet_day AS
       SELECT f.outlet_id, k.part, f.business_on, f.kind, k.key, count(DISTINCT f.unit_id) AS count,
              sum(f.amount_fen) AS amount_fen, sum(f.pieces) AS pieces
       FROM figure_fact f
       CROSS JOIN LATERAL (VALUES ('all', ''), ('product', coalesce(f.product_id::text, '')),
                                  ('channel', f.channel), ('rep', coalesce(f.rep_id::text, ''))) k(part, key)
       WHERE f.kind <> 'returned'
       GROUP BY 1, 2, 3, 4, 5""",
    """INSERT INTO figure_day (node_id, part, business_on, kind, key, count, amount_fen, pieces)
       SELECT p.ancestor_id, d.part, d.business_on, d.kind, d.key, sum(d.count), sum(d.amount_fen),
              sum(d.pieces)
       FROM outlet_day d JOIN tree_span p ON p.descendant_id = d.outlet_id
       WHERE d.part <> 'rep' OR p.ancestor_id = d.outlet_id
       GROUP BY 1, 2, 3, 4, 5""",
    """INSERT INTO figure_week (node_id, week_on, kind, key, count, amount_fen)
       SELECT outlet_id, date_trunc('week', business_on)::date, kind, key, sum(count), sum(amount_fen)
       FROM outlet_day WHERE part = 'rep' GROUP BY 1, 2, 3, 4""",
)

STEPS: Final = {
    "people, contacts, pushes": PEOPLE,
    "orders, payments, refunds": ORDERS,
    "receipts": CREDIT,
    "commission": COMMISSION,
    "messages": MESSAGES,
    "the books": BOOKS,
    "fulfilment": WAYS,
    "figures": FIGURES,
}

# What a push, an order and a message touch or look something up in; 16 rows an order, of 45.
TRADE: Final = ("people, contacts, pushes", "orders, payments, refunds", "receipts", "messages")

# Ids were given: the next one that the service makes comes after them.
GIVEN_IDS: Final = (
    *(
        "member",
        "identity",
        "share",
        "sales_order",
        "order_line",
        "payment",
        "refund",
        "attribution",
    ),
    *("receipt", "accrual", "commission", "account", "posting", "fulfilment_chain"),
)
