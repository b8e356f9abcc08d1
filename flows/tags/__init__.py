"""Tags of an account: given by rules, by hand and by lists, and told to WeChat for its menus."""
