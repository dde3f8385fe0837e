# SPDX-License-Identifier: GPL-2.0
"""What somebody asks who was called at night: a page each, with its trouble made to happen."""
