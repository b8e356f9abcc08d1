"""WeChat Pay API v3: signed calls, verified answers and notices, bills; no database, no Flask."""
