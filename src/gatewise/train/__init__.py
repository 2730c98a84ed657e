"""Training: the compiled chunk of steps, and the epoch loop with schedules, early stopping and health around it."""
