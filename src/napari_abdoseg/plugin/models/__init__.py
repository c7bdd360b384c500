"""A user finds models, installs them, and says what they are; all the work is the model store's."""
