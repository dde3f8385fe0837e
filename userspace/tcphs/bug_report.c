/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tcphs status --report: what is sent with a bug, above all of a kernel that nobody has
 * tried. It says what this kernel is and what the module found there. No address of a host
 * or of the kernel's memory, no name of this machine, and nothing of what it is connected to.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "btf.h"
#include "cli.h"
#include "bug_report.h"

typedef unsigned long long ull;

#define PARAMETERS	"/sys/module/tcphs/parameters"
#define READ_ALL	3	/* syslog(2) */
#define LOG_SIZE	(1 << 20)
#define LOG_LINES	24

/* The first line of a file, "?" if that can't be read. */
static void first_line(char *line, size_t size, const char *directory, const char *name)
{
	char path[320];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	snprintf(line, size, "?");
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(line, (int)size, f))
		line[strcspn(line, "\n")] = '\0';
	fclose(f);
}

static void print_kernel(struct cli *cli)
{
	char tainted[32], enabled[32];
	struct utsname u;

	if (uname(&u))
		return;
	first_line(tainted, sizeof(tainted), "/proc/sys/kernel", "tainted");
	first_line(enabled, sizeof(enabled), "/proc/sys/kernel", "ftrace_enabled");
	tcphs_buf_printf(&cli->out, "kernel      %s %s\n", u.release, u.machine);
	tcphs_buf_printf(&cli->out, "            %s\n", u.version);
	tcphs_buf_printf(&cli->out, "            %ld CPUs, pages of %ld, tainted %s, ftrace_enabled %s\n",
			 sysconf(_SC_NPROCESSORS_ONLN), sysconf(_SC_PAGESIZE), tainted, enabled);
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void print_parameters(struct cli *cli)
{
	struct dirent **entry;
	char value[128];
	int i, n;

	n = scandir(PARAMETERS, &entry, is_name, alphasort);
	if (n < 0)
		return;
	tcphs_buf_printf(&cli->out, "parameters ");
	for (i = 0; i < n; i++) {
		first_line(value, sizeof(value), PARAMETERS, entry[i]->d_name);
		tcphs_buf_printf(&cli->out, " %s=%s", entry[i]->d_name, value);
		free(entry[i]);
	}
	free(entry);
	tcphs_buf_newline(&cli->out);
}

static void print_hook(struct cli *cli, const struct tcphs_hook *h, const struct btf *btf)
{
	char kind[TCPHS_NAME_LEN], text[512], fired[32] = "";

	if (h->active && h->has_hits)
		snprintf(fired, sizeof(fired), ", fired %llu", (ull)h->hits);
	tcphs_buf_printf(&cli->out, "  %s: %s, %s%s%s\n", h->name, tcphs_hook_kind_name(h->kind, kind),
			 h->unusable ? "unusable" : !h->active ? "missing" : h->missed ? "deaf" : "active",
			 h->required ? ", required" : "", fired);
	if (!btf->nr)
		return;
	if (!btf_prototype(btf, h->name, h->kind == TCPHS_HOOK_TRACEPOINT, text, sizeof(text)))
		snprintf(text, sizeof(text), "not among the kernel's types");
	tcphs_buf_printf(&cli->out, "      %s\n", text);
}

static void print_hooks(struct cli *cli, const struct tcphs_status *st)
{
	unsigned int active = 0, deaf = 0;
	const struct tcphs_hook *h;
	struct btf btf;

	for (h = st->hook; h < st->hook + st->nhooks; h++) {
		active += h->active;
		deaf += h->missed != 0;
	}
	tcphs_buf_printf(&cli->out, "hooks       %u of %u active, %u deaf\n", active, st->nhooks, deaf);
	if (!btf_read(&btf, "/sys/kernel/btf/vmlinux"))
		tcphs_buf_printf(&cli->out, "prototypes  none: no /sys/kernel/btf/vmlinux that can be read\n");
	for (h = st->hook; h < st->hook + st->nhooks; h++)
		print_hook(cli, h, &btf);
	btf_free(&btf);
}

/* The last lines of the kernel's log that are the module's own. */
static void print_log(struct cli *cli)
{
	char *log = malloc(LOG_SIZE), *line, *next, *last[LOG_LINES];
	unsigned int n = 0, i;
	int size;

	size = log ? klogctl(READ_ALL, log, LOG_SIZE - 1) : -1;
	if (size < 0) {
		tcphs_buf_printf(&cli->out, "log         not for this user\n");
		free(log);
		return;
	}
	log[size] = '\0';
	for (line = log; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strstr(line, "tcphs: "))
			last[n++ % LOG_LINES] = strstr(line, "tcphs: ");
	}
	tcphs_buf_printf(&cli->out, "log         %u line%s\n", n, tcphs_plural(n));
	for (i = n > LOG_LINES ? n - LOG_LINES : 0; i < n; i++)
		tcphs_buf_printf(&cli->out, "  %s\n", last[i % LOG_LINES]);
	free(log);
}

/**
 * bug_report_print() - the whole report
 * @cli: gets it as text
 * @st: of the module; NULL where it is not loaded, and the log may say why
 */
void bug_report_print(struct cli *cli, const struct tcphs_status *st)
{
	tcphs_buf_printf(&cli->out, "tools       %s\n", TCPHS_VERSION);
	if (st)
		tcphs_buf_printf(&cli->out, "module      %s, ABI %u.%u\n", st->version, st->abi_major,
				 st->abi_minor);
	else
		tcphs_buf_printf(&cli->out, "module      does not answer\n");
	print_kernel(cli);
	print_parameters(cli);
	if (st)
		print_hooks(cli, st);
	print_log(cli);
}
