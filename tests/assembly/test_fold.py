"""Addresses and constants as Keystone encodes them, against plain arithmetic."""

import re

import pytest
from conftest_assembly import Assemble, listing
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.assembly.fold import fold
from emu.errors import UserError

from pathlib import Path
