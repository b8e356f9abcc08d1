"""A month is closed: checked, frozen into statements, sealed; and its statements are shown."""
