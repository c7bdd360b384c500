"""Running work as a test wants to see it."""

from napari_abdoseg.progress import Progress, Result, Work


def run(work: Work[Result]) -> tuple[list[Progress], Result]:
    """All reports of ``work``, and its result."""
    steps = []
    while True:
        try:
            steps.append(next(work))
        except StopIteration as end:
            return steps, end.value
