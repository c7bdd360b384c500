"""The question whether a licence is accepted, before anything is downloaded."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox, QWidget

from napari_abdoseg.model_store.catalogue import Entry
from napari_abdoseg.plugin.widgets.readable import readable
from napari_abdoseg.progress import spoken_bytes

LINK = "#5b8def"
"""Made readable in the theme that is worn."""


def terms_dialog(entry: Entry, parent: QWidget, theme: str) -> QMessageBox:
    """A dialog that shows a licence, and installs nothing unless its first button is pressed.

    It lives as long as its parent: what begins as it closes lets events be handled, and Qt crashes
    if one of them deletes the dialog while its button is still being pressed.
    """
    dialog = QMessageBox(parent)
    dialog.setWindowTitle(f"Install {entry.name}")
    dialog.setIcon(QMessageBox.Icon.NoIcon)
    dialog.setTextFormat(Qt.TextFormat.RichText)
    dialog.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
    dialog.setText(terms_words(entry, readable(LINK, theme)))
    dialog.addButton("Accept and install", QMessageBox.ButtonRole.AcceptRole)
    dialog.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
    return dialog


def terms_words(entry: Entry, link_color: str) -> str:
    """Title, licence, terms and origin as rich text."""
    card, content = entry.card, entry.content
    licence = _link(card.licence_url, card.licence or "not stated", link_color)
    source = _link(card.source, card.source or "", link_color)
    size = f"About {spoken_bytes(entry.size)} are downloaded." if entry.size else ""
    parts = (
        f"<b>{escape(entry.title)}</b>",
        f"Licence: {licence}",
        escape(content.terms or ""),
        f"From: {source}" if source else "",
        size,
        escape(_first_sentence(content.untried)),
    )
    return "".join(f"<p>{part}</p>" for part in parts if part)


def _link(page: str | None, words: str, color: str) -> str:
    if not page:
        return escape(words)
    return f'<a href="{escape(page)}" style="color: {color}">{escape(words)}</a>'


def _first_sentence(words: str | None) -> str:
    return words.partition(":")[0] + "." if words else ""
