"""How the plugin's tables look in a theme of napari."""

from __future__ import annotations

from napari.utils.theme import get_theme


def table_style(theme: str) -> str:
    """Check boxes as napari draws them elsewhere, which it does not in lists."""
    colors = get_theme(theme)
    return f"""
        QTreeView, QHeaderView::section {{ font-size: 11px }}
        QTreeView::item {{ padding: 3px 2px }}
        QHeaderView::section {{ padding: 2px; border: none }}
        QTreeView::indicator {{
            width: 14px; height: 14px; border-radius: 2px; background: {colors.primary.as_hex()}
        }}
        QTreeView::indicator:checked {{
            background: {colors.current.as_hex()}; image: url("theme_{theme}:/check.svg")
        }}
    """


def sortable_style() -> str:
    """Headers with room for the arrow that tells what is sorted by, above their words."""
    return """
        QHeaderView::section { padding-top: 9px }
        QHeaderView::up-arrow, QHeaderView::down-arrow {
            subcontrol-position: top center; width: 8px; height: 8px
        }
    """
