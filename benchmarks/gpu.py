"""Whole jobs on a GPU against nnU-Net's own command on the same GPU, and what they take of it.

Two ensembles of five folds that mirror over all axes look at one large CT: the demo's, whose
checkpoints are told to mirror, and an untrained one of the size that nnU-Net plans by default (see
`untrained_model.py`), which finds organs everywhere at random, so that `balanced` has nothing to
leave out. Then, within one process: seconds by stage, the most memory of the GPU, what happens when
that is short, how soon a cancelled job lets go, and two processes on one GPU.

    python benchmarks/gpu.py --output gpu.md
    python benchmarks/gpu.py --device cpu --slices 20 --size 64 --models tiny
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jobs import ABDOSEG, NNUNET, run, run_jobs, warm_up
from large_scan import large_ct
from whole_job import facts, markdown, section

from napari_abdoseg import load_ensemble, segmenting
from napari_abdoseg.image.nifti.volumes import read_labels, write_volume
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.model.model_folder import Model, read_model
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.progress import Progress, drain, relay, time_stages

MODELS = ("demo", "full_size", "tiny")
MB = 1e6
FEW_PASSES = 20


def main() -> None:
    """Print the tables as they come, and write them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--size", type=int, default=512, help="voxels in plane")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS[:2])
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--output", type=Path, help="Markdown file for the tables")
    chosen = parser.parse_args()
    parts = []
    with TemporaryDirectory() as place:
        for part in report(chosen, Path(place)):
            print(part, end="\n\n", flush=True)
            parts.append(part)
            if chosen.output:
                chosen.output.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def report(chosen: argparse.Namespace, place: Path) -> Iterator[str]:
    """All tables; commands first, while this process has neither torch nor the GPU."""
    models = [mirrored(name, place / name) for name in chosen.models]
    scan, truth = large_ct(chosen.slices, chosen.size)
    yield f"# `{ABDOSEG.name} predict` against `{NNUNET.name}`\n\n{facts(models[0], chosen.device)}"
    warm_up()
    for model in models:
        jobs = run_jobs([scan], model, chosen.presets, chosen.device)
        yield section(f"The ensemble {model.name}", scan, jobs, [truth])
    yield f"## Two processes at once\n\n{two_at_once(scan, models[0], chosen.device, place)}"
    for model in models:
        stages = stage_table(scan, model, chosen.presets, chosen.device)
        yield f"## Within one process, the ensemble {model.name}\n\n{stages}"
    yield f"## Cancelling\n\n{cancelling(scan, models[-1], chosen.device)}"
    if chosen.device == "cuda":
        yield f"## Short of memory\n\n{short_of_memory(scan, models[0])}"


def mirrored(name: str, folder: Path) -> Model:
    """A model whose five folds mirror over all axes; made by another process, which needs torch."""
    maker = Path(__file__).with_name("untrained_model.py")
    run([sys.executable, maker, folder, "--like", name])
    return read_model(folder)


def two_at_once(scan: Volume, model: Model, device: str, place: Path) -> str:
    """Two commands side by side, and whether they find what one alone finds."""
    files = [place / f"{name}.nii.gz" for name in ("alone", "left", "right")]
    for file in files:
        write_volume(file, scan)
    found = place / "found"
    commands = [
        [ABDOSEG, "predict", file, "--model", model.folder, "--device", device, "--output", found]
        for file in files
    ]
    alone = run(commands[0]).seconds
    begin = time.perf_counter()
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands[1:]]
    codes = [process.wait() for process in both]
    seconds = time.perf_counter() - begin
    if any(codes):
        return f"They ended with {codes}."
    first, *others = (read_labels(found / file.name, model.organs).data for file in files)
    differ = [int(np.count_nonzero(first != other)) for other in others]
    return (
        f"`{PRESETS['balanced'].name}`: one alone {alone:.1f} s, both together {seconds:.1f} s; "
        f"voxels that differ from the one alone: {differ[0]:,} and {differ[1]:,}."
    )


def stage_table(scan: Volume, model: Model, presets: list[str], device: str) -> str:
    """Seconds by stage and the most memory, of the second run."""
    import torch
    from memory import extra_mb

    ensemble = load_ensemble(model.folder, device=device)
    rows = [("", "stages, seconds", "GPU, MB", "host, MB more")]
    for preset in presets:
        drain(segmenting(scan, ensemble, preset))
        seconds: dict[str, float] = {}
        work = time_stages(segmenting(scan, ensemble, preset), seconds)
        if device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        host = extra_mb(partial(drain, work))
        gpu = torch.cuda.max_memory_reserved() / MB if device == "cuda" else 0.0
        stages = ", ".join(f"{stage.lower()} {took:.2f}" for stage, took in seconds.items())
        rows.append((preset, stages, f"{gpu:.0f}", f"{host:.0f}"))
    return markdown(rows)


def cancelling(scan: Volume, model: Model, device: str) -> str:
    """From the wish to the end of all work and the memory let go."""
    import torch

    ensemble = load_ensemble(model.folder, device=device)
    work = segmenting(scan, ensemble, "exact")
    stage = [progress.stage for progress, _ in zip(work, range(FEW_PASSES))][-1]
    begin = time.perf_counter()
    work.close()
    if device == "cuda":
        torch.cuda.synchronize()
    seconds = time.perf_counter() - begin
    held = torch.cuda.memory_allocated() / MB if device == "cuda" else 0.0
    return f"While {stage.lower()}: over after {1000 * seconds:.0f} ms, {held:.0f} MB still held."


def short_of_memory(scan: Volume, model: Model) -> str:
    """As much memory of the GPU as a tile needs, but not the sums of all tiles."""
    import torch

    ensemble = load_ensemble(model.folder, device="cuda")
    plenty, _ = labels_and_notices(scan, ensemble)
    total = torch.cuda.get_device_properties(0).total_memory
    lines = []
    for mb in (2000, 1000, 500, 250, 100):
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(mb * MB / total)
        try:
            labels, notices = labels_and_notices(scan, ensemble)
        except Exception as error:
            lines.append(f"{mb} MB: {type(error).__name__}: {error}")
            continue
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
        differ = np.count_nonzero(labels.data != plenty.data)
        lines.append(f"{mb} MB: {differ:,} voxels differ; {' '.join(notices) or 'no notice'}")
    return "\n".join(f"- {line}" for line in lines)


def labels_and_notices(scan: Volume, ensemble: object) -> tuple[LabelMap, list[str]]:
    notices: list[str] = []

    def listen(progress: Progress) -> Progress:
        if progress.notice:
            notices.append(progress.notice)
        return progress

    found = drain(relay(segmenting(scan, ensemble, "exact"), listen))
    return found.labels, notices


if __name__ == "__main__":
    main()
