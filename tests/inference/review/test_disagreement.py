"""Where folds disagree, and which places are worth a look."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import ndimage
from working import load_configuration

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.export.scan_axes import linear_neighbours
from napari_abdoseg.inference.model.card import ModelCard
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.network.prediction import PredictionOnScan, whole_prediction
from napari_abdoseg.inference.preprocessing.preprocessing import preprocess_volume
from napari_abdoseg.inference.preprocessing.scan_crop import ScanCrop
from napari_abdoseg.inference.review import places as review
from napari_abdoseg.inference.review.disagreement import Disagreement, Votes
from napari_abdoseg.inference.review.places import places_to_review, without_rinds
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.progress import drain

LIVER, KIDNEY, SPLEEN, _ = ABDOMINAL_ORGANS


def disagreement(
    dissenting: np.ndarray, at_stake: np.ndarray, folds: int = 5, scan: int = 2
) -> Disagreement:
    """Of networks of 2 mm on a scan whose voxels are ``scan`` times smaller, or as large."""
    shape = tuple(size * scan for size in dissenting.shape)
    trained = SimpleNamespace(
        model=SimpleNamespace(
            organs=ABDOMINAL_ORGANS,
            plans={},
            planned=SimpleNamespace(transpose_backward=[0, 1, 2]),
            card=ModelCard(),
        ),
        class_values=range(5),
        image_spacing=lambda spacing: [2.0, 2.0, 2.0],
    )
    whole = tuple(slice(0, size) for size in shape)
    votes = Votes(
        folds,
        torch.from_numpy(dissenting),
        torch.from_numpy(at_stake),
        whole,
        tuple(linear_neighbours(old, new) for old, new in zip(dissenting.shape, shape)),
        ScanCrop((2.0 / scan,) * 3, shape, whole),
        trained,
    )
    return Disagreement(folds, Grid.from_spacing(shape, (2.0 / scan,) * 3), (votes,))


@pytest.fixture
def empty() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((30, 40, 50), np.uint8), np.full((30, 40, 50), LIVER.value, np.uint8)


def test_places_are_ranked_by_volume_and_share_of_folds(empty):
    dissenting, at_stake = empty
    dissenting[2:8, 2:8, 2:8] = 2
    dissenting[20:25, 20:25, 20:25] = 4
    dissenting[21, 22, 23] = 5
    at_stake[18:, 18:, 18:] = SPLEEN.value
    dissenting[10:14, 30:34, 40:44] = 1
    spleen, liver = places_to_review(disagreement(dissenting, at_stake))
    assert (spleen.organ, liver.organ) == (SPLEEN, LIVER)
    assert spleen.volume_ml == pytest.approx(125 * 8 / 1000)
    assert liver.volume_ml == pytest.approx(216 * 8 / 1000)
    assert (spleen.folds, liver.folds) == (pytest.approx(501 / 125), 2)
    assert spleen.voxel in [(z, y, x) for z in (42, 43) for y in (44, 45) for x in (46, 47)]
    assert spleen.box.start == (40, 40, 40)
    assert spleen.box.stop == (50, 50, 50)


def test_rinds_along_surfaces_are_no_places_and_join_none(empty):
    dissenting, at_stake = empty
    dissenting[5:25, 5:35, 5:45] = 3
    dissenting[6:24, 6:34, 6:44] = 0
    assert places_to_review(disagreement(dissenting, at_stake)) == ()
    dissenting[5:9, 5:9, 5:9] = 3
    dissenting[21:25, 31:35, 41:45] = 2
    assert len(places_to_review(disagreement(dissenting, at_stake))) == 2


def test_one_of_few_folds_is_enough(empty):
    dissenting, at_stake = empty
    dissenting[5:9, 5:9, 5:9] = 1
    assert places_to_review(disagreement(dissenting, at_stake, folds=5)) == ()
    assert len(places_to_review(disagreement(dissenting, at_stake, folds=3))) == 1


def test_what_is_thin_depends_on_the_spacing():
    mask = np.zeros((12, 12, 12), bool)
    mask[2:5, 2:10, 2:10] = True
    assert np.array_equal(without_rinds(mask, (2.0, 2.0, 2.0)), mask)
    assert np.array_equal(without_rinds(mask, (5.0, 2.0, 2.0)), mask)
    assert not without_rinds(mask, (1.0, 2.0, 2.0)).any()


def test_of_many_regions_only_the_largest_are_looked_at(monkeypatch):
    noise = np.random.default_rng(0).normal(size=(25, 25, 25))
    blobs = np.kron(noise > 1, np.ones((4, 4, 4), bool))
    dissenting = (blobs * 3).astype(np.uint8)
    sizes = np.sort(np.bincount(ndimage.label(blobs)[0].ravel())[1:])[::-1]
    place, looked_at = review._place, []

    def count(votes, box, mask, *arguments):
        looked_at.append(np.count_nonzero(mask))
        return place(votes, box, mask, *arguments)

    monkeypatch.setattr(review, "_place", count)
    assert places_to_review(disagreement(dissenting, np.ones_like(dissenting), scan=1))
    assert len(sizes) > 10 * review.MOST
    assert looked_at == sizes[: review.MOST].tolist()


@pytest.mark.parametrize("regions", [False, True])
def test_an_organ_of_one_fold_where_the_ensemble_finds_none_is_a_place(make_model, regions):
    labels = {
        "labels": {"background": 0, "both": [1, 2], "kidney": [2], "spleen": [3], "pancreas": [4]},
        "regions_class_order": [1, 2, 3, 4],
    }
    folder = make_model((0, 1), None, labels=labels if regions else None)
    trained, volume = load_configuration(folder), make_phantom(5, (10.0, 8.0, 8.0))[0]
    scan = preprocess_volume(volume, trained)
    shape = scan.image.shape[1:]
    logits = torch.full((4 if regions else 5, *shape), -5.0)
    if not regions:
        logits[0] = 5
    nothing = torch.zeros(shape, dtype=torch.uint8)
    one = nothing.clone()
    one[4:8, 5:9, 6:11] = SPLEEN.value
    prediction = whole_prediction(trained, logits.half(), (nothing, one), 2)
    found = Disagreement.between_folds([PredictionOnScan(prediction, scan.crop)], volume.grid)
    (place,) = places_to_review(found)
    assert place.organ == SPLEEN
    assert place.folds == 1
    assert found.on_scan()[place.voxel] == 1


@pytest.fixture
def found(make_model):
    """A phantom that was stored another way than it is shown, and its segmentation."""
    volume, _ = make_phantom(5, (10.0, 8.0, 6.0), "PIR")
    ensemble = load_ensemble(make_model(folds=(0, 1), mirror_axes=None), device="cpu")
    return drain(segmenting(volume, ensemble, "exact"))


def test_places_lie_where_folds_dissent_on_the_scan(found):
    on_scan = found.disagreement.on_scan()
    assert on_scan.shape == found.labels.data.shape
    places = places_to_review(found.disagreement)
    assert places
    for place in places:
        assert on_scan[place.voxel]
        assert 0 < place.folds <= found.disagreement.folds
        assert on_scan[place.box.slices].any()
        assert place.organ in found.labels.organs


def test_saved_it_lies_on_the_scans_grid_and_says_what_it_is(found, tmp_path):
    write_labels(tmp_path / "disagreement.nii.gz", found.disagreement.label_map())
    saved = read_labels(tmp_path / "disagreement.nii.gz")
    assert saved.grid.matches(found.labels.grid)
    assert np.array_equal(saved.data, found.disagreement.on_scan())
    assert saved.data.dtype == np.uint8
    assert [organ.name for organ in saved.organs] == ["1 dissenting fold", "2 dissenting folds"]
