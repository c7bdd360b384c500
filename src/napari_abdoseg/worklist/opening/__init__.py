"""Cases that somebody takes to work on: opened, read ahead, saved, and handed on."""
