"""All planted bugs; a new area is a file beside this one and a line here."""

from tools.planted import (
    accounts,
    arrivals,
    campaigns,
    closing,
    farming,
    fulfilment,
    machines,
    money,
    people,
    settlement,
    stops,
    systems,
    work,
)

BUGS = (
    *accounts.BUGS,
    *arrivals.BUGS,
    *campaigns.BUGS,
    *money.BUGS,
    *people.BUGS,
    *work.BUGS,
    *fulfilment.BUGS,
    *settlement.BUGS,
    *closing.BUGS,
    *stops.BUGS,
    *machines.BUGS,
    *systems.BUGS,
    *farming.BUGS,
)
