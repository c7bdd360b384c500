"""What a user need not wait for: work in threads, or while the window is idle."""
