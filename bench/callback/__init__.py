"""Encrypted SCAN pushes over HTTP, the database written: ours beside a documented wechatpy app."""
