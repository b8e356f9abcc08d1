"""Money goes back: agreed here, asked of WeChat Pay, booked when it says so."""
