"""What a worker says of itself."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

import pytest

from napari_abdoseg.batch.cluster.introduction import UnfitWorkerError, introduce


def test_a_worker_like_this_machine_is_fit(job_for_one_fold):
    introduction = introduce(job_for_one_fold)
    introduction.require_fit("tcp://a:1")
    assert introduction.missing == ()
    assert introduction.notice("tcp://a:1") == "The worker tcp://a:1 runs on cpu."


@pytest.mark.parametrize("package", ["napari-abdoseg", "nnunetv2"])
def test_other_versions_of_what_results_depend_on_are_unfit(package, job_for_one_fold):
    introduction = introduce(job_for_one_fold)
    other = replace(introduction, versions={**introduction.versions, package: "0.0.1"})
    with pytest.raises(UnfitWorkerError) as caught:
        other.require_fit("tcp://a:1")
    assert str(caught.value) == (
        f"The worker tcp://a:1 has {package} 0.0.1 (here {version(package)}): install the same "
        "versions on both, and restart it."
    )


def test_another_torch_is_told(job_for_one_fold):
    introduction = introduce(job_for_one_fold)
    other = replace(introduction, versions={**introduction.versions, "torch": "0.0.1"})
    other.require_fit("tcp://a:1")
    assert "with torch 0.0.1 (here" in other.notice("tcp://a:1")
