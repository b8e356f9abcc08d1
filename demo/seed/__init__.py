"""The demo's data: one province, its outlets and reps, customers, goods; the same every time."""
