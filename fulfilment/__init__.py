"""The way of a paid order to its customer: nodes with owners, clocks and evidence."""
