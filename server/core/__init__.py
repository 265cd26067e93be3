"""What every other package stands on: database, clock, errors, money, places, numbers, history."""
