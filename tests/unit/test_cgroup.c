/* SPDX-License-Identifier: GPL-2.0 */
/* What cgroups are to people, by the paths that systemd and the makers of containers give them. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "tap.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD "0b2d0f3a-4c5d-6e7f-8091-a2b3c4d5e6f7"
#define POD_ "0b2d0f3a_4c5d_6e7f_8091_a2b3c4d5e6f7"

static const struct {
	const char *what, *path, *unit, *container, *pod;
} paths[] = {
	{ "the root", "/", "", "", "" },
	{ "nothing", "", "", "", "" },
	{ "a service", "/system.slice/nginx.service", "nginx.service", "", "" },
	{ "what a service makes below itself", "/system.slice/php.service/pool/7.scope",
	  "php.service", "", "" },
	{ "an instance in a slice of its own", "/system.slice/system-getty.slice/getty@tty1.service",
	  "getty@tty1.service", "", "" },
	{ "a slice alone", "/system.slice/system-getty.slice", "", "", "" },
	{ "a name with an escape", "/system.slice/_cgroup.service", "cgroup.service", "", "" },
	{ "a login", "/user.slice/user-1000.slice/session-3.scope", "session-3.scope", "", "" },
	{ "a user's service", "/user.slice/user-1000.slice/user@1000.service/app.slice/a-b.service",
	  "a-b.service", "", "" },
	{ "a user's manager", "/user.slice/user-1000.slice/user@1000.service/init.scope",
	  "user@1000.service", "", "" },
	{ "the machine's manager", "/init.scope", "init.scope", "", "" },
	{ "Docker by systemd", "/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID, "" },
	{ "Docker by cgroupfs", "/docker/" ID, "", ID, "" },
	{ "containerd by cgroupfs", "/k8s.io/" ID, "", ID, "" },
	{ "containerd in a pod by systemd",
	  "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" POD_
	  ".slice/cri-containerd-" ID ".scope", "cri-containerd-" ID ".scope", ID, POD },
	{ "in a pod by cgroupfs", "/kubepods/burstable/pod" POD "/" ID, "", ID, POD },
	{ "a guaranteed pod by systemd",
	  "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-" ID ".scope", "crio-" ID ".scope", ID, POD },
	{ "a static pod", "/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" ID, "", ID,
	  "0123456789abcdef0123456789abcdef" },
	{ "what watches over a container of CRI-O",
	  "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-conmon-" ID ".scope",
	  "crio-conmon-" ID ".scope", "", POD },
	{ "podman", "/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID, "" },
	{ "podman of a user",
	  "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
	  "libpod-" ID ".scope", ID, "" },
	{ "podman's conmon", "/machine.slice/libpod-conmon-" ID ".scope",
	  "libpod-conmon-" ID ".scope", "", "" },
	{ "LXC", "/lxc.payload.web-1/system.slice/nginx.service", "nginx.service", "web-1", "" },
	{ "an older LXC", "/lxc/web-1/system.slice/nginx.service", "nginx.service", "web-1", "" },
	{ "LXC's monitor", "/lxc.monitor.web-1", "", "", "" },
	{ "systemd-nspawn", "/machine.slice/systemd-nspawn@my\\x2ddeb.service/payload",
	  "systemd-nspawn@my\\x2ddeb.service", "my-deb", "" },
	{ "a container in a container", "/docker/" OTHER "/kubelet/kubepods/pod" POD "/" ID, "", ID,
	  POD },
	{ "a number that is longer", "/x/" ID "0", "", "", "" },
	{ "a number that is shorter", "/x/0123456789abcdef", "", "", "" },
	{ "a pod with a wrong UID", "/kubepods/pod" POD "0/" ID, "", ID, "" },
	{ "what only looks like a unit", "/a\"b.service/x y.scope", "", "", "" },
	{ "a unit without a name", "/.service", "", "", "" },
	{ "slashes", "//system.slice//a.service//", "a.service", "", "" },
};

#define NR (sizeof(paths) / sizeof(paths[0]))

/* No path does harm, and no name has what JSON would have to escape, but a backslash. */
static bool are_plain(const char *name, size_t size)
{
	size_t len = strnlen(name, size);
	size_t i;

	for (i = 0; i < len; i++)
		if (name[i] < '!' || name[i] > '~' || name[i] == '"')
			return false;
	return len < size;
}

static void test_rubbish(void)
{
	static const char *const pieces[] = {
		"/", ".service", ID, "pod", "_", "-", "\\x2", "\\x2d", "\"", "lxc.payload.", "kubepods-",
		".slice", "systemd-nspawn@", "\n", "\xff", "user@1.service", POD, " ", "lxc/",
	};
	struct tcphs_cgroup_names names;
	char path[2048];
	bool plain = true;
	int i, k;

	srand(7);
	for (i = 0; i < 100003 && plain; i++) {
		*path = '\0';
		for (k = rand() % 24; k; k--)
			strcat(path, pieces[(size_t)rand() % (sizeof(pieces) / sizeof(pieces[0]))]);
		tcphs_cgroup_parse(path, &names);
		plain = are_plain(names.unit, sizeof(names.unit)) &&
			are_plain(names.container, sizeof(names.container)) &&
			are_plain(names.pod, sizeof(names.pod));
	}
	ok(plain, "whatever a path is, names are plain and end");
}

static void test_filter(void)
{
	struct tcphs_filter *f = tcphs_filter_new();
	struct tcphs_cgroups *c = tcphs_cgroups_new();
	struct tcphs_event ev = { .flags = TCPHS_F_OWNER, .id = { .cgroup = 5 } };
	const struct tcphs_cgroup *first;

	ok(f && c && !tcphs_cgroups_add(c, 5, "/system.slice/nginx.service") &&
	   !tcphs_cgroups_add(c, 6, "/system.slice/docker-" ID ".scope") &&
	   !tcphs_cgroups_add(c, 1029, "/kubepods/pod" POD "/" OTHER), "names become known");
	ok(!strcmp(tcphs_cgroups_find(c, 1029)->names.pod, POD) && !tcphs_cgroups_find(c, 7) &&
	   !tcphs_cgroups_find(c, 0), "and are found by their numbers");
	first = tcphs_cgroups_find(c, 5);
	tcphs_cgroups_add(c, 5, "/another");
	ok(!strcmp(tcphs_cgroups_find(c, 5)->path, "/another"),
	   "after another boot a number has its newer name");
	ok(!strcmp(first->path, "/system.slice/nginx.service"), "who has the older one keeps it");
	tcphs_cgroups_add(c, 5, "/system.slice/nginx.service");
	tcphs_filter_parse(f, TCPHS_FILTER_UNIT, "apache2,nginx", NULL);
	ok(!tcphs_filter_event(f, &ev), "without names none is of a unit");
	tcphs_filter_cgroups(f, c);
	ok(tcphs_filter_event(f, &ev), "a unit is found without its suffix");
	ev.id.cgroup = 6;
	ok(!tcphs_filter_event(f, &ev), "another is not");
	ev.id.cgroup = 5;
	ev.flags = 0;
	ok(!tcphs_filter_event(f, &ev), "nor is who has no owner");
	tcphs_filter_free(f);
	f = tcphs_filter_new();
	tcphs_filter_cgroups(f, c);
	tcphs_filter_parse(f, TCPHS_FILTER_CONTAINER, "0123456789ab," POD, NULL);
	ev = (struct tcphs_event){ .flags = TCPHS_F_OWNER, .id = { .cgroup = 6 } };
	ok(tcphs_filter_event(f, &ev), "a container is found by its first digits");
	ev.id.cgroup = 1029;
	ok(tcphs_filter_event(f, &ev), "and by the UID of its pod");
	ev.id.cgroup = 5;
	ok(!tcphs_filter_event(f, &ev), "who is in none is not");
	tcphs_filter_free(f);
	f = tcphs_filter_new();
	tcphs_filter_cgroups(f, c);
	tcphs_filter_parse(f, TCPHS_FILTER_CONTAINER, "012", NULL);
	ev.id.cgroup = 6;
	ok(!tcphs_filter_event(f, &ev), "three digits are too few");
	tcphs_filter_free(f);
	tcphs_cgroups_free(c);
}

int main(void)
{
	struct tcphs_cgroup_names names;
	size_t i;

	plan(3 * NR + 13);
	for (i = 0; i < NR; i++) {
		tcphs_cgroup_parse(paths[i].path, &names);
		same(names.unit, paths[i].unit, paths[i].what);
		same(names.container, paths[i].container, "its container");
		same(names.pod, paths[i].pod, "its pod");
	}
	test_rubbish();
	test_filter();
	return tap_done();
}
