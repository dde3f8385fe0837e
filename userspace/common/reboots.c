// SPDX-License-Identifier: GPL-2.0
#include "reboots.h"
#include "site.h"

/**
 * reboots_ahead - was the machine booted since the last event?
 * @b: how far the recording was read
 * @info: of what is read now
 */
bool reboots_ahead(const struct reboots *b, const struct tcphs_recording_info *info)
{
	return b->begun && tcphs_host_known(&info->host) && tcphs_host_known(&b->host) &&
	       memcmp(info->host.boot, b->host.boot, sizeof(info->host.boot));
}

/* Where it is not said: a clock that goes back, by another offset, is another boot's. */
static bool is_booted(const struct reboots *b, const struct tcphs_recording_info *info,
		      uint64_t time)
{
	if (tcphs_host_known(&info->host) && tcphs_host_known(&b->host))
		return reboots_ahead(b, info);
	return b->begun && time < b->last && info->clock_offset != b->offset;
}

/**
 * reboots_event - the next event, in the order of the recording
 * @b: how far it was read
 * @info: of what is read now
 * @time: when, CLOCK_MONOTONIC, ns
 *
 * Return: the machine was booted right before it.
 */
bool reboots_event(struct reboots *b, const struct tcphs_recording_info *info, uint64_t time)
{
	bool booted = is_booted(b, info, time);

	if (booted || tcphs_host_known(&info->host))
		b->host = info->host;
	b->nr += booted;
	if (booted || time > b->last)
		b->last = time;
	b->begun = true;
	b->offset = info->clock_offset;
	return booted;
}

/**
 * reboots_cgroup - which cgroup of which boot
 * @b: how far the recording was read
 * @info: of what is read now
 * @id: its number there
 *
 * Return: that number, in the first boot.
 */
uint64_t reboots_cgroup(const struct reboots *b, const struct tcphs_recording_info *info,
			uint64_t id)
{
	uint32_t boot = b->nr + reboots_ahead(b, info);

	return boot && id ? SITE_CGROUP(boot - 1, id) : id;
}
