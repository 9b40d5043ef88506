"""One page that says which model is worth using on a series."""

from skrnn.report.page import report_html, write_report

__all__ = ["report_html", "write_report"]
