# SPDX-License-Identifier: GPL-2.0
"""What words mean: a page each, to look up, with what there is to see of it."""
