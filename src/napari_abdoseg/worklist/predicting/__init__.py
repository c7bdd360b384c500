"""First masks of cases that have none, found while people work on others."""
