"""The WeChat platform as we call it and as it calls us: no database, no Flask."""
