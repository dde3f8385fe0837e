/* SPDX-License-Identifier: GPL-2.0 */
/* Reads /proc/sys and /proc/net/sockstat, which follow the reader's namespace. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings.h"

/* TCP_RTO_MAX, where it can't be set. */
#define RTO_MAX_MS 120000

/* ip_local_reserved_ports may list every second port. */
#define TEXT_MAX (256 * 1024)

static const char *const names[NR_SETTINGS] = {
	[SETTING_SOMAXCONN]		= "net.core.somaxconn",
	[SETTING_SYNCOOKIES]		= "net.ipv4.tcp_syncookies",
	[SETTING_MAX_SYN_BACKLOG]	= "net.ipv4.tcp_max_syn_backlog",
	[SETTING_MAX_TW_BUCKETS]	= "net.ipv4.tcp_max_tw_buckets",
	[SETTING_TW_REUSE]		= "net.ipv4.tcp_tw_reuse",
	[SETTING_TW_REUSE_DELAY]	= "net.ipv4.tcp_tw_reuse_delay",
	[SETTING_TIMESTAMPS]		= "net.ipv4.tcp_timestamps",
	[SETTING_FIN_TIMEOUT]		= "net.ipv4.tcp_fin_timeout",
	[SETTING_ABORT_ON_OVERFLOW]	= "net.ipv4.tcp_abort_on_overflow",
	[SETTING_MIGRATE_REQ]		= "net.ipv4.tcp_migrate_req",
	[SETTING_ORPHAN_RETRIES]	= "net.ipv4.tcp_orphan_retries",
	[SETTING_SYN_RETRIES]		= "net.ipv4.tcp_syn_retries",
	[SETTING_RETRIES2]		= "net.ipv4.tcp_retries2",
	[SETTING_RTO_MAX]		= "net.ipv4.tcp_rto_max_ms",
	[SETTING_KEEPALIVE_TIME]	= "net.ipv4.tcp_keepalive_time",
	[SETTING_RFC1337]		= "net.ipv4.tcp_rfc1337",
	[SETTING_MAX_ORPHANS]		= "net.ipv4.tcp_max_orphans",
};

/**
 * setting_name - as sysctl(8) writes it
 * @s: which
 */
const char *setting_name(enum setting s)
{
	return names[s];
}

/**
 * settings_rto_max - how long a time-out for a resend is at most
 * @s: settings
 *
 * Return: milliseconds.
 */
uint64_t settings_rto_max(const struct settings *s)
{
	return s->known[SETTING_RTO_MAX] ? s->value[SETTING_RTO_MAX] : RTO_MAX_MS;
}

/**
 * settings_read_text - a file of /proc
 * @path: its name
 * @text: gets it, terminated
 * @size: of @text; what is longer is cut
 *
 * Return: could it be read?
 */
bool settings_read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;
	size_t len = 0;

	if (fd < 0)
		return false;
	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	return n >= 0;
}

/* @name with dots */
static bool read_sysctl(const char *name, char *text)
{
	char path[96], *p;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	for (p = path; *p; p++)
		if (*p == '.')
			*p = '/';
	return settings_read_text(path, text, TEXT_MAX);
}

/**
 * settings_parse_range - the ports that connect() chooses from
 * @s: gets them
 * @text: of ip_local_port_range
 *
 * Return: was it one?
 */
bool settings_parse_range(struct settings *s, const char *text)
{
	unsigned long low, high;
	char *end;

	low = strtoul(text, &end, 10);
	if (end == text)
		return false;
	high = strtoul(end, &end, 10);
	if (!low || low > high || high > 65535)
		return false;
	s->port_low = (unsigned int)low;
	s->port_high = (unsigned int)high;
	return true;
}

/**
 * settings_parse_reserved - the ports that it leaves out of them
 * @s: gets them
 * @text: of ip_local_reserved_ports: "8080,9148-9150", or nothing
 *
 * Return: was it such a list?
 */
bool settings_parse_reserved(struct settings *s, const char *text)
{
	unsigned long low, high;
	char *end;

	while (*text && *text != '\n') {
		low = strtoul(text, &end, 10);
		if (end == text)
			return false;
		high = low;
		if (*end == '-')
			high = strtoul(end + 1, &end, 10);
		if (low > high || high > 65535)
			return false;
		for (; low <= high; low++)
			s->reserved[low / 8] |= (uint8_t)(1u << low % 8);
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}

/* " orphan 17" in the line of TCP */
static bool parse_word(const char *line, const char *word, uint64_t *value)
{
	const char *end = strchr(line, '\n'), *found = strstr(line, word);
	char *rest;

	if (!found || (end && found > end))
		return false;
	*value = strtoull(found + strlen(word), &rest, 10);
	return rest != found + strlen(word);
}

/**
 * settings_parse_sockstat - how many orphans and TIME_WAITs there are, and TCP's memory
 * @s: gets them
 * @text: of sockstat
 *
 * Return: did it say?
 */
bool settings_parse_sockstat(struct settings *s, const char *text)
{
	const char *line = strstr(text, "TCP: ");

	return line && parse_word(line, " orphan ", &s->orphans) &&
	       parse_word(line, " tw ", &s->time_wait) &&
	       parse_word(line, " mem ", &s->memory);
}

/**
 * settings_parse_memory - what TCP may take for its queues
 * @s: gets it, in pages
 * @text: of tcp_mem: three numbers
 *
 * Return: was it that?
 */
bool settings_parse_memory(struct settings *s, const char *text)
{
	char *rest, *end;

	s->memory_low = strtoull(text, &rest, 10);
	s->memory_pressure = strtoull(rest, &rest, 10);
	s->memory_most = strtoull(rest, &end, 10);
	return end != rest && s->memory_most;
}

/**
 * settings_is_ephemeral - may connect() choose this port?
 * @s: the settings
 * @port: the port
 */
bool settings_is_ephemeral(const struct settings *s, unsigned int port)
{
	return s->ports_known && port >= s->port_low && port <= s->port_high &&
	       !(s->reserved[port / 8] & 1u << port % 8);
}

/**
 * settings_ephemeral - how many ports it may choose from
 * @s: the settings
 */
unsigned int settings_ephemeral(const struct settings *s)
{
	unsigned int port, n = 0;

	for (port = s->port_low; port <= s->port_high; port++)
		n += settings_is_ephemeral(s, port);
	return n;
}

/**
 * settings_read - all of it
 * @s: the result
 */
void settings_read(struct settings *s)
{
	char *text = malloc(TEXT_MAX), *end;
	int i;

	memset(s, 0, sizeof(*s));
	if (!text)
		return;
	for (i = 0; i < NR_SETTINGS; i++) {
		if (!read_sysctl(names[i], text))
			continue;
		s->value[i] = strtoull(text, &end, 10);
		s->known[i] = end != text;
	}
	s->ports_known = read_sysctl("net.ipv4.ip_local_port_range", text) &&
			 settings_parse_range(s, text) &&
			 read_sysctl("net.ipv4.ip_local_reserved_ports", text) &&
			 settings_parse_reserved(s, text);
	s->memory_known = read_sysctl("net.ipv4.tcp_mem", text) && settings_parse_memory(s, text);
	s->sockstat_known = settings_read_text("/proc/net/sockstat", text, TEXT_MAX) &&
			    settings_parse_sockstat(s, text);
	s->ring_known = settings_read_text("/sys/module/tcphs/parameters/ring_mib", text, TEXT_MAX);
	if (s->ring_known)
		s->ring_mib = strtoull(text, NULL, 10);
	free(text);
}
