"""Tables as XLSX: frozen heads, filters, drop-downs; the same bytes for the same tables."""

from __future__ import annotations

import datetime
import io
import math
from collections.abc import Sequence
from typing import Any, Final

import xlsxwriter

from doorbell_vectors.plan.matrix import Cell, Table

__all__ = ["spreadsheet"]

_CREATED: Final = datetime.datetime(1980, 1, 1)
_CELL: Final = 32_767
"""Characters that a cell holds."""
_LINE: Final = 15.0
"""Points that a line of text takes."""
_HIGHEST: Final = 12
"""Lines that a row shows; longer cells scroll in the formula bar."""
_SPARE: Final = 200
"""Rows below the last one that have the drop-downs, too."""
_COLOURS: Final = {
    "PASS": "#C6EFCE",
    "accepted": "#C6EFCE",
    "holds": "#C6EFCE",
    "FAIL": "#FFC7CE",
    "ERROR": "#FFC7CE",
    "rejected": "#FFC7CE",
    "fails": "#FFC7CE",
    "INCONCLUSIVE": "#FFEB9C",
    "open": "#FFEB9C",
}


def spreadsheet(tables: Sequence[Table], title: str) -> bytes:
    """Return a workbook with a sheet for each table."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    book.set_properties({"title": title, "created": _CREATED})
    styles = {
        "head": book.add_format(
            {"bold": True, "bg_color": "#1F3A5F", "font_color": "white", "text_wrap": True}
        ),
        "cell": book.add_format({"text_wrap": True, "valign": "top"}),
        "filled": book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#FFFBE6"}),
    }
    colours = {
        value: book.add_format({"bg_color": colour, "font_color": "#202020"})
        for value, colour in _COLOURS.items()
    }
    for table in tables:
        _sheet(book.add_worksheet(table.name), table, styles, colours)
    book.close()
    return made.getvalue()


def _lines(row: Sequence[Cell], table: Table) -> int:
    """Return how many lines a row shows: programs other than Excel do not work that out themselves."""
    needed = max(
        math.ceil(len(str(value)) * 1.15 / column.width)
        for value, column in zip(row, table.columns, strict=True)
    )
    return max(1, min(needed, _HIGHEST))


def _sheet(sheet: Any, table: Table, styles: dict[str, Any], colours: dict[str, Any]) -> None:
    last_row, last_column = len(table.rows), len(table.columns) - 1
    choices = [column for column, told in enumerate(table.columns) if told.choices]
    for column, told in enumerate(table.columns):
        sheet.set_column(column, column, told.width)
        sheet.write_string(0, column, told.head, styles["head"])
        if told.choices:
            options = {
                "validate": "list",
                "source": list(told.choices),
                "error_title": told.head,
                "error_message": "Take one from the list; what is typed otherwise is not read back.",
            }
            sheet.data_validation(1, column, last_row + _SPARE, column, options)
    for number, row in enumerate(table.rows, 1):
        sheet.set_row(number, _LINE * _lines(row, table))
        for column, value in enumerate(row):
            style = styles["filled" if column in choices else "cell"]
            if isinstance(value, int):
                sheet.write_number(number, column, value, style)
            elif value:
                sheet.write_string(number, column, value[:_CELL], style)  # never a formula
            else:
                sheet.write_blank(number, column, None, style)
    for value, style in colours.items():
        rule = {"type": "cell", "criteria": "==", "value": f'"{value}"', "format": style}
        sheet.conditional_format(1, 0, max(last_row, 1) + _SPARE, last_column, rule)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(last_row, 1), last_column)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
