"""What goes wrong through no fault of the program, each in one clear sentence."""


class AbdosegError(Exception):
    """A mistake that the user can mend.

    The message says what is wrong, with which file, and what to do. The command
    line prints it without a traceback and exits with 2; napari shows it as a
    notification.
    """


class ImageError(AbdosegError):
    """A file or an array is not a volume that can be used."""


class SaveError(AbdosegError):
    """A file could not be written; what was there before is untouched."""


class ModelError(AbdosegError):
    """A model folder is not a complete, readable nnU-Net model."""


class DeviceError(AbdosegError):
    """The device asked for is not on this machine."""


class DatasetError(AbdosegError):
    """A data set can't be trained on as it is."""


class TrainingError(AbdosegError):
    """A training can't be begun or go on as asked for."""
