/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A command and its descendants, by forks as the process connector (connector.rst of the
 * kernel's documentation) reports them.
 *
 * A fork is in our socket before the new process runs, so whoever reads it after he has
 * pulled events knows every process that is in them. Of the end of a process nothing has
 * to be known: a number that is used again comes with the fork of somebody else.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "hash.h"

/* Forks that may come between two looks: a second of a machine that does nothing else. */
#define ROOM_FOR_FORKS	(16 << 20)
#define ANSWER_MSEC	2000

/* The inode of the initial PID namespace, the same on every machine (PROC_PID_INIT_INO). */
#define INITIAL_PIDS	0xeffffffcu

/* As a shell has it: of a command that was not found, that cannot be run, or was killed. */
#define STATUS_NOT_FOUND	127
#define STATUS_CANNOT_RUN	126
#define STATUS_SIGNAL		128

struct process {
	uint32_t pid;
	bool ours;
};

struct command {
	char **argv;
	int forks;		/* socket of the process connector */
	int pidfd;		/* ready when the command has ended; -1: this kernel has none */
	pid_t pid;		/* 0: not started, or waited for */
	int status;		/* what a shell would have in $? */
	int forwarded;		/* a signal that it got from us */
	bool missed;		/* forks that there was no room for */
	bool no_memory;
	struct sigaction interrupt, quit;	/* as they were */
	struct process *process;
	uint32_t nr, cap;
	struct hash by_pid;
};

static struct process *find(const struct command *c, uint32_t pid)
{
	uint64_t hash = hash_mix(c->by_pid.seed, pid);
	uint32_t i;

	for (i = hash_next(&c->by_pid, hash, HASH_NONE); i != HASH_NONE;
	     i = hash_next(&c->by_pid, hash, i))
		if (c->process[c->by_pid.node[i].value].pid == pid)
			return &c->process[c->by_pid.node[i].value];
	return NULL;
}

/**
 * command_has - is this process the command, or does it descend from it?
 * @c: the command
 * @pid: a thread group, in the initial PID namespace
 */
bool command_has(const struct command *c, uint32_t pid)
{
	const struct process *p = find(c, pid);

	return p && p->ours;
}

static int add(struct command *c, uint32_t pid)
{
	struct process *p = find(c, pid);

	if (p) {
		p->ours = true;
		return 0;
	}
	if (array_grow(&c->process, c->nr + 1, &c->cap, sizeof(*c->process)) ||
	    hash_reserve(&c->by_pid, 1))
		return -ENOMEM;
	hash_add(&c->by_pid, hash_mix(c->by_pid.seed, pid), c->nr);
	c->process[c->nr++] = (struct process){ pid, true };
	return 0;
}

static void on_fork(struct command *c, uint32_t parent, uint32_t child)
{
	struct process *p;

	if (parent == child)
		return;		/* a thread */
	if (command_has(c, parent)) {
		c->no_memory |= add(c, child) != 0;
		return;
	}
	p = find(c, child);
	if (p)
		p->ours = false;	/* the number is somebody else's now */
}

/* ---- the process connector -------------------------------------------------- */

struct heard {
	struct nlmsghdr head;
	struct cn_msg cn;
	uint8_t event[sizeof(struct proc_event)];
} __attribute__((packed));

/* Only what we ask for: each process has several other events, and threads have them too. */
static int only_forks(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct heard, event)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_FORK), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_NONE), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* The connector is in the initial network namespace alone; a socket stays where it was made. */
static int initial_socket(void)
{
	int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int initial = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC), fd = -1;
	bool moved = here >= 0 && initial >= 0 && !setns(initial, CLONE_NEWNET);

	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);
	/* Without the way back nothing that follows would be right. */
	if (moved && setns(here, CLONE_NEWNET)) {
		close(fd);
		fd = -1;
	}
	if (here >= 0)
		close(here);
	if (initial >= 0)
		close(initial);
	return fd;
}

static int subscribe(int fd)
{
	static const int room = ROOM_FOR_FORKS;
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	struct {
		struct nlmsghdr head;
		struct cn_msg cn;
		uint32_t op;
	} __attribute__((packed)) ask = {
		.head = { .nlmsg_len = sizeof(ask), .nlmsg_type = NLMSG_DONE,
			  .nlmsg_pid = (uint32_t)getpid() },
		.cn = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(ask.op) },
		.op = PROC_CN_MCAST_LISTEN,
	};

	if (only_forks(fd) || bind(fd, (struct sockaddr *)&kernel, sizeof(kernel)))
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return send(fd, &ask, sizeof(ask), 0) == sizeof(ask) ? 0 : -1;
}

/* 1: an event, 0: none now, -1: errno says why not */
static int hear(int fd, struct proc_event *event)
{
	struct sockaddr_nl from = { 0 };
	struct heard heard = { .head = { 0 } };
	struct iovec iov = { &heard, sizeof(heard) };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			      .msg_iovlen = 1 };
	ssize_t len;

	for (;;) {
		len = recvmsg(fd, &msg, MSG_DONTWAIT);
		if (len < 0)
			return errno == EAGAIN ? 0 : errno == EINTR ? 0 : -1;
		/* Others may send to the group, too. */
		if (from.nl_pid || len < (ssize_t)offsetof(struct heard, event) ||
		    heard.cn.id.idx != CN_IDX_PROC)
			continue;
		memcpy(event, heard.event, sizeof(*event));
		return 1;
	}
}

/* The kernel does not answer at all where it is not willing to report. */
static int wait_for_answer(int fd)
{
	uint64_t end = tcphs_now() + ANSWER_MSEC * 1000000ull;
	struct pollfd in = { .fd = fd, .events = POLLIN };
	struct proc_event event;
	int got;

	while (tcphs_now() < end && !tcphs_stop_asked()) {
		got = hear(fd, &event);
		if (got < 0)
			return -1;
		if (got && event.what == PROC_EVENT_NONE) {
			errno = (int)event.event_data.ack.err;
			return errno ? -1 : 0;
		}
		/* Somebody forks: that is an answer, too, where another one listens already. */
		if (got)
			return 0;
		poll(&in, 1, 100);
	}
	errno = ETIMEDOUT;
	return -1;
}

/*
 * Elsewhere forks are heard of, too, where another one listens already, and their numbers are
 * those of the initial namespace: none of them would be ours.
 */
static bool numbers_are_initial(void)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == INITIAL_PIDS)
		return true;
	errno = EPERM;
	return false;
}

static int open_forks(struct command *c, struct tcphs_error *err)
{
	if (numbers_are_initial()) {
		c->forks = initial_socket();
		if (c->forks >= 0 && !subscribe(c->forks) && !wait_for_answer(c->forks))
			return 0;
	}
	tcphs_error_set(err, errno == EPERM ? TCPHS_ERR_PERMISSION : TCPHS_ERR_FAILED,
			"which processes descend from a command cannot be followed here (%s): it takes root in the initial PID namespace, and a kernel with CONFIG_PROC_EVENTS",
			strerror(errno));
	return -1;
}

/**
 * command_follow - learn of the processes that came
 * @c: the command
 *
 * After events are pulled and before they are judged.
 */
void command_follow(struct command *c)
{
	struct proc_event event;
	int got;

	while ((got = hear(c->forks, &event))) {
		if (got < 0) {
			if (errno != ENOBUFS)
				break;
			c->missed = true;
			continue;
		}
		if (event.what == PROC_EVENT_FORK)
			on_fork(c, (uint32_t)event.event_data.fork.parent_tgid,
				(uint32_t)event.event_data.fork.child_tgid);
	}
}

/* ---- the command ------------------------------------------------------------ */

/**
 * command_new - get ready for it
 * @argv: the command and its arguments, with NULL behind them
 * @err: why not
 *
 * Return: for command_free(), or NULL.
 */
struct command *command_new(char **argv, struct tcphs_error *err)
{
	struct command *c = calloc(1, sizeof(*c));

	if (!c) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "no memory");
		return NULL;
	}
	c->argv = argv;
	c->pidfd = -1;
	c->forks = -1;
	if (open_forks(c, err)) {
		command_free(c);
		return NULL;
	}
	return c;
}

static void __attribute__((noreturn)) become(char **argv, int said)
{
	int error;

	execvp(argv[0], argv);
	error = errno;
	if (write(said, &error, sizeof(error)) != sizeof(error))
		_exit(STATUS_SIGNAL - 1);
	_exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

/*
 * Ctrl-C goes to the command, too: it ends by that, and then we do. When nobody reads what
 * we write any more, it goes on, and how it ends is still to be passed on.
 */
static void outlive_it(struct command *c)
{
	static const struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGINT, &ignore, &c->interrupt);
	sigaction(SIGQUIT, &ignore, &c->quit);
}

static void take_keys_back(const struct command *c)
{
	sigaction(SIGINT, &c->interrupt, NULL);
	sigaction(SIGQUIT, &c->quit, NULL);
}

static void wait_for(struct command *c)
{
	int status;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNAL + WTERMSIG(status);
	c->pid = 0;
	take_keys_back(c);
}

/* 0 when it runs: nothing is said by whom exec() has replaced. */
static int has_begun(struct command *c, int said, struct tcphs_error *err)
{
	int error = 0;
	ssize_t len;

	do {
		len = read(said, &error, sizeof(error));
	} while (len < 0 && errno == EINTR);
	if (len <= 0)
		return 0;
	wait_for(c);
	tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot run %.200s: %s", c->argv[0],
			strerror(error));
	return -1;
}

/**
 * command_start - run it
 * @c: the command
 * @err: why not
 *
 * Return: 0, or -1; command_status() is then what a shell would have.
 */
int command_start(struct command *c, struct tcphs_error *err)
{
	int said[2], failed;

	c->status = STATUS_CANNOT_RUN;
	/* What a process of ours gives to our parent (CLONE_PARENT) is ours as well. */
	if (add(c, (uint32_t)getpid()) || pipe2(said, O_CLOEXEC)) {
		tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot run %.200s: %s", c->argv[0],
				strerror(errno));
		return -1;
	}
	c->pid = fork();
	if (!c->pid)
		become(c->argv, said[1]);
	close(said[1]);
	if (c->pid < 0) {
		c->pid = 0;
		tcphs_error_set(err, TCPHS_ERR_FAILED, "cannot run %.200s: %s", c->argv[0],
				strerror(errno));
		failed = -1;
	} else {
		outlive_it(c);
		c->no_memory |= add(c, (uint32_t)c->pid) != 0;
		c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
		failed = has_begun(c, said[0], err);
	}
	close(said[0]);
	return failed;
}

/* SIGTERM and SIGHUP that were meant for us end the command. */
static void forward(struct command *c)
{
	int asked = tcphs_stop_asked();

	if (!asked || c->forwarded)
		return;
	c->forwarded = asked;
	kill(c->pid, asked);
}

/**
 * command_runs - did it not end yet?
 * @c: the command
 */
bool command_runs(struct command *c)
{
	siginfo_t info = { 0 };

	if (!c->pid)
		return false;
	forward(c);
	if (!waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid)
		wait_for(c);
	return c->pid;
}

/**
 * command_wait - until it has ended
 * @c: the command
 *
 * Where it can't be followed any more: it runs on, and how it ends is still asked for.
 */
void command_wait(struct command *c)
{
	struct pollfd end = { .fd = c->pidfd, .events = POLLIN };

	while (command_runs(c))
		poll(&end, 1, 1000);
}

/**
 * command_wake_fd - what becomes readable when it ends
 * @c: the command
 *
 * Return: a file to poll, or -1.
 */
int command_wake_fd(const struct command *c)
{
	return c->pid ? c->pidfd : -1;
}

/**
 * command_missed - may there be processes of it that are not known?
 * @c: the command
 */
bool command_missed(const struct command *c)
{
	return c->missed || c->no_memory;
}

/**
 * command_status - how it ended
 * @c: the command
 *
 * Return: as a shell's $?: its exit status, 128 and the signal's number, 126 or 127.
 */
int command_status(const struct command *c)
{
	return c->status;
}

/**
 * command_free - the end of it
 * @c: the command, or NULL. If it runs still, it goes on
 */
void command_free(struct command *c)
{
	if (!c)
		return;
	if (c->pid)
		take_keys_back(c);
	if (c->forks >= 0)
		close(c->forks);
	if (c->pidfd >= 0)
		close(c->pidfd);
	hash_free(&c->by_pid);
	free(c->process);
	free(c);
}
