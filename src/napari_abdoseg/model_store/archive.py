"""Models in zip archives, found at any depth and unpacked with distrust.

Nothing of an archive is written unless all its entries have names that are good on every system,
and are plain files of a size that can be.
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.files.saving import not_saved
from napari_abdoseg.model_store.model_files import files_of_model
from napari_abdoseg.progress import Progress, Work

STAGE = "Unpacking"
DATASET, PLANS, PLANS_OF_V1 = "dataset.json", "plans.json", "plans.pkl"

MOST_ENTRIES = 100_000
MOST_BYTES = 1 << 36
"""Of all entries, unpacked; the largest ensembles have a tenth."""
MOST_RATIO, SMALL = 100, 10_000_000
"""How many times its packed size an entry that isn't small may have; weights have less than 2."""
CHUNK = 1 << 20

_JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.I)
_LONGEST_NAME, _LONGEST_PATH = 255, 1024
_OTHER_KINDS = {
    b"<": "a web page",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x1f\x8b": "a gzip archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"BZh": "a bzip2 archive",
}
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OverflowError)


@dataclass(frozen=True)
class FoundModel:
    """A model folder in an archive.

    Parameters
    ----------
    inside : str
        Its folder there, with ``/`` between names; empty if it is the whole archive.
    folds : tuple of str
    size : int
        Bytes of its files, unpacked.
    """

    inside: str
    folds: tuple[str, ...]
    size: int

    @property
    def name(self) -> str:
        """What tells it from others: the data set's folder if there is one, else its own."""
        parts = PurePosixPath(self.inside).parts
        datasets = [part for part in parts if part.startswith("Dataset")]
        return datasets[-1] if datasets else (parts[-1] if parts else "")


@dataclass(frozen=True)
class _Entry:
    path: PurePosixPath
    info: zipfile.ZipInfo


def models_in(archive: Path) -> list[FoundModel]:
    """Models in an archive, by their folders there.

    Raises
    ------
    ModelError
        It is no zip archive, is damaged or encrypted, holds no model of nnU-Net v2, or has
        anything in it that no archive of a model should have.
    """
    with _opened(archive) as file:
        entries = _checked(file, archive)
    inside = {entry.path for entry in entries}
    folders = _model_folders(inside)
    if not folders:
        raise _no_model(archive, inside)
    return [_found(folder, entries) for folder in sorted(folders)]


def unpacking(archive: Path, target: Path, inside: str) -> Work[None]:
    """Unpack the files of one model, as a generator that reports bytes.

    Parameters
    ----------
    archive : Path
    target : Path
        Folder to be, which gets what is in ``inside``.
    inside : str
        `FoundModel.inside`.

    Raises
    ------
    ModelError
        As for `models_in`, or what is unpacked differs from what the archive says of it.
    SaveError
        It could not be written.
    """
    with _opened(archive) as file:
        entries = _checked(file, archive)
        if PurePosixPath(inside) / DATASET not in {entry.path for entry in entries}:
            raise _no_model(archive, {entry.path for entry in entries})
        members = _members(PurePosixPath(inside), entries)
        total, done = sum(entry.info.file_size for _, entry in members), 0
        yield Progress(STAGE, 0, total)
        for place, entry in members:
            path = target / place
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as unpacked:
                    for chunk in _content(file, entry.info, archive):
                        unpacked.write(chunk)
                        done += len(chunk)
                        yield Progress(STAGE, done, total)
            except OSError as error:
                raise not_saved(path, error) from error


def _found(folder: PurePosixPath, entries: Iterable[_Entry]) -> FoundModel:
    members = _members(folder, entries)
    first = (place.parts[0] for place, _ in members if len(place.parts) > 1)
    folds = sorted({name.removeprefix("fold_") for name in first if name.startswith("fold_")})
    inside = "" if folder == PurePosixPath() else str(folder)
    return FoundModel(inside, tuple(folds), sum(entry.info.file_size for _, entry in members))


def _members(
    folder: PurePosixPath, entries: Iterable[_Entry]
) -> list[tuple[PurePosixPath, _Entry]]:
    """Files of the model in a folder, with their places in it."""
    below = {
        entry.path.relative_to(folder): entry
        for entry in entries
        if entry.path.is_relative_to(folder) and not entry.info.is_dir()
    }
    return [(place, below[place]) for place in files_of_model(below)]


def _model_folders(paths: set[PurePosixPath]) -> set[PurePosixPath]:
    """Folders of models; one that is a part of another, such as its region, doesn't count."""
    folders = {path.parent for path in paths if path.name == DATASET}
    folders = {folder for folder in folders if folder / PLANS in paths}
    return {folder for folder in folders if folder.parent == folder or folder.parent not in folders}


def _no_model(archive: Path, paths: set[PurePosixPath]) -> ModelError:
    inner = sorted(str(path) for path in paths if path.suffix.lower() == ".zip")
    if any(path.name == PLANS_OF_V1 for path in paths):
        return ModelError(
            f"{archive} holds a model of nnU-Net v1, which nnU-Net v2 can't load: choose one that "
            "nnU-Net v2 trained."
        )
    if inner:
        return ModelError(
            f"{archive} holds no model but other archives ({_listed(inner)}): unpack it, and "
            "install these one by one."
        )
    return ModelError(
        f"{archive} holds no nnU-Net model: in none of its folders are {DATASET} and {PLANS} "
        "together; choose another archive."
    )


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    """An archive to be read.

    Raises
    ------
    ModelError
        It is none.
    """
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(archive.open("rb"))
            begin = raw.read(8)
            if not zipfile.is_zipfile(raw):
                raise _no_zip(archive, begin)
            file = stack.enter_context(zipfile.ZipFile(raw))
        except OSError as error:
            raise ModelError(
                f"{archive} can't be read ({error.strerror or error}): check its name and "
                "permissions."
            ) from error
        except (*_DAMAGE, NotImplementedError) as error:
            raise _damaged(archive, error) from error
        yield file


def _no_zip(archive: Path, begin: bytes) -> ModelError:
    if begin.startswith(b"PK\x03\x04"):
        return ModelError(f"{archive} is cut off or damaged: download or copy it again.")
    kinds = (kind for mark, kind in _OTHER_KINDS.items() if begin.lstrip().startswith(mark))
    if kind := next(kinds, ""):
        advice = "download it again" if "page" in kind else "unpack it, and install its folder"
        return ModelError(f"{archive} is {kind} and no zip archive: {advice}.")
    return ModelError(
        f"{archive} is no zip archive: choose the zip of a model, or the model's folder."
    )


def _damaged(archive: Path, error: Exception) -> ModelError:
    return ModelError(f"{archive} is damaged ({error}): download or copy it again.")


def _checked(file: zipfile.ZipFile, archive: Path) -> list[_Entry]:
    """All entries that are no junk.

    Raises
    ------
    ModelError
        One of them is not as it should be; it is named.
    """
    infos = file.infolist()
    if len(infos) > MOST_ENTRIES:
        raise _refused(archive, f"it has {len(infos)} entries")
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise _refused(archive, f"unpacked it would have more than {MOST_BYTES >> 30} GiB")
    if sum(info.compress_size for info in infos) > archive.stat().st_size:
        raise _refused(archive, "its entries share their bytes or lie about them")
    entries = []
    for info in infos:
        if fault := _fault_of_kind(info) or fault_of_name(info.orig_filename):
            raise _refused(archive, f"its entry {_shown(info.orig_filename)} {fault}")
        path = _path(info.orig_filename)
        if path.parts and not any(_is_junk(part) for part in path.parts):
            entries.append(_Entry(path, info))
    if fault := _collision(entries):
        raise _refused(archive, fault)
    return entries


def _refused(archive: Path, fault: str) -> ModelError:
    return ModelError(
        f"{archive} is refused, since {fault}, as no archive of a model should: download it again "
        "from its publisher, or choose another."
    )


def _fault_of_kind(info: zipfile.ZipInfo) -> str:
    """What an entry is instead of a plain file or a folder; empty if it is one."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a device or a pipe"
    if info.flag_bits & 0b1000001:
        return "is encrypted"
    if info.file_size > max(SMALL, MOST_RATIO * info.compress_size):
        return f"would grow {info.file_size // max(info.compress_size, 1)} times"
    return ""


def fault_of_name(name: str) -> str:
    """What is wrong with a name on any system; empty if nothing is."""
    slashed = name.replace("\\", "/")
    if slashed.startswith("/"):
        return "has an absolute name"
    if re.match(r"[A-Za-z]:", name):
        return "names a drive"
    if len(slashed) > _LONGEST_PATH:
        return "has a name that is too long"
    for part in slashed.split("/"):
        if part == "..":
            return "leads out of the archive"
        if _FORBIDDEN.search(part) or _DEVICE.fullmatch(part.rstrip(". ")):
            return "has a name that Windows forbids"
        if part not in ("", ".") and part[-1] in ". ":
            return "has a name that Windows forbids"
        if len(part.encode(errors="surrogateescape")) > _LONGEST_NAME:
            return "has a name that is too long"
    return ""


def _path(name: str) -> PurePosixPath:
    return PurePosixPath(name.replace("\\", "/"))


def _is_junk(part: str) -> bool:
    """Whether it is what systems add to archives on their own."""
    return part in _JUNK or part.startswith("._")


def _collision(entries: Iterable[_Entry]) -> str:
    """Which entries would be the same file on some system; empty if none."""
    spelt: dict[str, PurePosixPath] = {}
    files: set[PurePosixPath] = set()
    for entry in entries:
        if entry.path in files and not entry.info.is_dir():
            return f"it has {_shown(str(entry.path))} twice"
        if not entry.info.is_dir():
            files.add(entry.path)
        for path in (entry.path, *entry.path.parents):
            first = spelt.setdefault(_as_any_system_sees(path), path)
            if first != path:
                return f"its entries {_shown(str(first))} and {_shown(str(path))} have one name"
    for entry in entries:
        if clash := next((path for path in entry.path.parents if path in files), None):
            return f"its entry {_shown(str(clash))} is a file and a folder"
        if entry.info.is_dir() and entry.path in files:
            return f"its entry {_shown(str(entry.path))} is a file and a folder"
    return ""


def _as_any_system_sees(path: PurePosixPath) -> str:
    """A name without what some systems don't tell apart."""
    return unicodedata.normalize("NFKC", str(path)).casefold()


def _content(file: zipfile.ZipFile, info: zipfile.ZipInfo, archive: Path) -> Iterator[bytes]:
    """What an entry holds, checked against its checksum and size.

    Raises
    ------
    ModelError
        It is damaged, or packed in a way that can't be unpacked.
    """
    left = info.file_size
    try:
        with file.open(info) as packed:
            while chunk := packed.read(CHUNK):
                left -= len(chunk)
                yield chunk
    except NotImplementedError as error:
        raise ModelError(
            f"{archive} is packed in a way that can't be unpacked here: unpack it with the program "
            "that made it, and install its folder."
        ) from error
    except (*_DAMAGE, RuntimeError, OSError) as error:
        raise _damaged(archive, error) from error
    if left:
        raise _damaged(archive, EOFError(f"{info.filename} ends early"))


def _shown(name: str) -> str:
    return ascii(name if len(name) <= 100 else f"{name[:100]}...")


def _listed(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
