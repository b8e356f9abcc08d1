"""A pretend WeChat: Official Accounts, mini-programs and WeChat Pay on one machine, in its own process."""
