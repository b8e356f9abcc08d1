"""Every package that has rows, imported once, so that the metadata is whole."""

from importlib import import_module

from wx_backend.db import Model

MODULES = (
    "archives.models",
    "campaigns.counts",
    "campaigns.mass_models",
    "campaigns.models",
    "campaigns.reports",
    "catalog.banner_models",
    "catalog.launch_models",
    "catalog.models",
    "catalog.number_models",
    "customers.models",
    "fulfilment.booking_models",
    "fulfilment.models",
    "fulfilment.return_models",
    "insights.models",
    "ledger.models",
    "members.claim_models",
    "members.models",
    "members.sync_models",
    "members.tags.models",
    "menus.models",
    "orders.cart_models",
    "orders.counter_models",
    "orders.models",
    "org.address_lock",
    "org.import_models",
    "org.models",
    "payments.models",
    "reconciliation.models",
    "referral.farming.models",
    "referral.models",
    "referral.policy_models",
    "referral.reassignment_models",
    "settlement.changes.models",
    "settlement.models",
    "settlement.payouts.models",
    "settlement.statements.models",
    "templates_msg.models",
    "wx_backend.audit",
    "wx_backend.inbox",
    "wx_backend.leases",
    "wx_backend.outbox",
    "wx_backend.stops",
    "wx_backend.tokens",
)

for module in MODULES:
    import_module(module)

metadata = Model.metadata
