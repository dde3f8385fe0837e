/* SPDX-License-Identifier: GPL-2.0 */
/* What the terminal can do, as terminfo has it. */
#ifndef TOP_TERMINFO_H
#define TOP_TERMINFO_H

#include <stdbool.h>

bool terminfo_can_move(void);

#endif /* TOP_TERMINFO_H */
