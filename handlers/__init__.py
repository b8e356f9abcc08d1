"""What the platform pushes to us: authenticated, understood, and answered."""
