/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOP_SCREENS_H
#define TOP_SCREENS_H

enum top_screen {
	TOP_LISTENERS,
	TOP_CONNECTIONS,
	TOP_PEERS,
	TOP_EVENTS,
	TOP_LIVES,
	TOP_DOCTOR,

	TOP_SCREENS
};

#endif /* TOP_SCREENS_H */
