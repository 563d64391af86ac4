/*
 * defaults.c - the constants of the default sandbox, and the names of capabilities and signals.
 *
 * Owns   the lists of SECURITY.md 3a and 3c. The default system call profile is seccomp_rules.h.
 */
#include "runtime/defaults.h"
#include "caps.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

/* In the order of their numbers. */
const char *const capability_all[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
	NULL,
};

/* podman's set: docker's without AUDIT_WRITE, MKNOD and NET_RAW */
const char *const default_capabilities[] = {
	"CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",	 "CAP_FSETID",
	"CAP_KILL",    "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",	 "CAP_SETGID",
	"CAP_SETPCAP", "CAP_SETUID",	       "CAP_SYS_CHROOT", NULL,
};

const char *const default_masked_paths[] = {
	"/proc/acpi",	       "/proc/asound",	    "/proc/interrupts",
	"/proc/kcore",	       "/proc/key-users",   "/proc/keys",
	"/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
	"/proc/timer_list",    "/proc/timer_stats", "/sys/devices/virtual/powercap",
	"/sys/firmware",       "/sys/fs/selinux",   NULL,
};
const char *const default_readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

void default_masked_add_host(struct strv *paths)
{
	static const char dir[] = "/sys/devices/system/cpu";
	struct dirent *e;
	DIR *d;

	/* path: the host's own. Most virtual machines have none: one question instead of a walk */
	if (access("/sys/devices/system/cpu/cpu0/thermal_throttle", F_OK) < 0 || !(d = opendir(dir)))
		return;
	while ((e = readdir(d)))
		if (strncmp(e->d_name, "cpu", 3) == 0 && isdigit((unsigned char)e->d_name[3]))
			strv_addf(paths, "%s/%s/thermal_throttle", dir, e->d_name);
	closedir(d);
	strv_sort(paths);
}

int capability_number(const char *name)
{
	for (int i = 0; capability_all[i]; i++)
		if (strcmp(capability_all[i], name) == 0)
			return i;
	return -1;
}

const char *capability_name(const char *text)
{
	if (strncasecmp(text, "CAP_", 4) == 0)
		text += 4;
	for (int i = 0; capability_all[i]; i++)
		if (strcasecmp(capability_all[i] + 4, text) == 0)
			return capability_all[i];
	return NULL;
}

uint64_t capability_mask(const struct strv *names)
{
	uint64_t mask = 0;

	strv_each (names, i) {
		int n = capability_number(names->v[i]);

		if (n >= 0)
			mask |= 1ULL << n;
	}
	return mask;
}

static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP },   { "INT", SIGINT },	      { "QUIT", SIGQUIT }, { "ILL", SIGILL },
	{ "TRAP", SIGTRAP }, { "ABRT", SIGABRT },     { "BUS", SIGBUS },   { "FPE", SIGFPE },
	{ "KILL", SIGKILL }, { "USR1", SIGUSR1 },     { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE }, { "ALRM", SIGALRM },     { "TERM", SIGTERM }, { "STKFLT", SIGSTKFLT },
	{ "CHLD", SIGCHLD }, { "CONT", SIGCONT },     { "STOP", SIGSTOP }, { "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },     { "URG", SIGURG },   { "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF }, { "WINCH", SIGWINCH },
	{ "IO", SIGIO },     { "PWR", SIGPWR },	      { "SYS", SIGSYS },   { "IOT", SIGABRT },
	{ "CLD", SIGCHLD },  { "POLL", SIGIO },
};

/* The kernel's real-time signals, whatever libc keeps for itself. */
enum { RT_FIRST = 34, RT_LAST = 64 };

static int signal_parse_realtime(const char *text)
{
	static const struct {
		const char *prefix;
		int from, direction;
	} ends[] = { { "RTMIN", RT_FIRST, 1 }, { "RTMAX", RT_LAST, -1 } };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		const char *rest = text + 5;
		uint64_t n = 0;

		if (strncasecmp(text, ends[i].prefix, 5) != 0)
			continue;
		if (*rest && (*rest != (ends[i].direction > 0 ? '+' : '-') ||
			      !str_u64(rest + 1, &n) || n > RT_LAST - RT_FIRST))
			return -1;
		return ends[i].from + ends[i].direction * (int)n;
	}
	return -1;
}

int signal_parse(const char *text)
{
	uint64_t n;

	if (str_u64(text, &n))
		return n >= 1 && n <= RT_LAST ? (int)n : -1;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (strcasecmp(signals[i].name, text) == 0)
			return signals[i].number;
	return signal_parse_realtime(text);
}

const char *signal_name(int sig)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i].number == sig)
			return signals[i].name;
	return NULL;
}
