"""Scores of one case."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from blocks import AFFINE

from napari_abdoseg.errors import ImageError
from napari_abdoseg.evaluation.alignment import GridRule
from napari_abdoseg.evaluation.case_scores import score_case
from napari_abdoseg.evaluation.label_schemes import Schemes, read_schemes
from napari_abdoseg.evaluation.pairs import Pair
from napari_abdoseg.evaluation.score import Emptiness
from napari_abdoseg.evaluation.tolerance import FLARE21, FLARE22
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS


@pytest.fixture
def pair(write_blocks):
    def make(**prediction):
        return Pair("case", write_blocks(folder="predictions", **prediction), write_blocks())

    return make


def test_scores_each_organ_with_its_tolerance(pair):
    four = Schemes(ABDOMINAL_ORGANS, ABDOMINAL_ORGANS)
    scores = score_case(pair(values=(1, 2, 0, 4), shift=1), four, FLARE22).scores
    assert tuple(score.organ for score in scores) == ABDOMINAL_ORGANS
    assert [score.tolerance_mm for score in scores] == [5, 3, 3, 5]
    assert scores[0].dsc == pytest.approx(5 / 6)
    assert scores[0].volume_reference_ml == pytest.approx(3 * 6 * 6 * 12 / 1000)
    assert scores[0].nsd == 1
    assert scores[2].emptiness is Emptiness.PREDICTION
    assert (scores[2].dsc, scores[2].nsd) == (0, 0)


def test_what_the_reference_ignores_counts_nowhere(pair):
    case = pair(values=(1, 2, 2, 2))
    said = read_schemes(["1=liver,2=spleen", "1=liver,2=spleen,3=ignore,4=ignore"])
    with_all = read_schemes(["1=liver,2=spleen", "1=liver,2=spleen,3=fat,4=fat"])
    assert [score.dsc for score in score_case(case, said, FLARE21).scores] == [1, 1]
    assert score_case(case, with_all, FLARE21).scores[1].dsc == pytest.approx(0.5)


def test_another_grid_is_an_error_or_resampled(pair):
    mirrored = np.diag([2.0, -2.0, 3.0, 1.0])
    mirrored[0, 3] = -30.0
    case = pair()
    turned = np.asanyarray(nib.load(case.prediction).dataobj)[::-1]
    nib.save(nib.Nifti1Image(turned, mirrored), case.prediction)
    with pytest.raises(ImageError, match="mirrored or turned, its axes point to RPS"):
        score_case(case, Schemes(), FLARE21)
    scores = score_case(case, Schemes(), FLARE21, rule=GridRule.RESAMPLE).scores
    assert [score.dsc for score in scores] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("place", "sform", "said"),
    [("pixdim", 0, "voxels of nan"), ("srow_x", 1, "damaged affine")],
)
def test_no_number_for_a_spacing_is_a_clear_error(pair, place, sform, said):
    case = pair()
    image = nib.load(case.prediction)
    data = np.asanyarray(image.dataobj)
    header = image.header
    header.set_sform(AFFINE, sform)
    header[place][1] = np.nan
    raw = bytes(header.binaryblock)
    plain = case.prediction.with_suffix("")
    plain.write_bytes(raw + bytes(4) + data.astype(np.uint8).tobytes(order="F"))
    with pytest.raises(ImageError, match=said):
        score_case(Pair("case", plain, case.reference), Schemes(), FLARE21)
