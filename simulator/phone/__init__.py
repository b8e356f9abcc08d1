"""The phone page: a person plays consumer and rep, in an ordinary browser."""
