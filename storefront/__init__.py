"""The consumers' mall: what opens from a share link, a showroom, a poster or the menu."""
