"""HTML for staff: one page per daily step, server-rendered, usable by keyboard and on a telephone."""

from flask import Blueprint

console = Blueprint("console", __name__, template_folder="templates")
"""Every page of the console; the modules of this package add their views to it."""
