# SPDX-License-Identifier: GPL-2.0
"""What lessons are made of: two machines, the wire between them, and the page that is told."""
