/* Landlock and seccomp. */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Debian 12's headers know Landlock's second version; the third added this. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

enum { LANDLOCK_REFER = 2, LANDLOCK_TRUNCATE = 3 };

/* Reading stays free: charset tables, zones, the files named on the command line. */
#define WRITES                                                              \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |    \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |     \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |   \
	    LANDLOCK_ACCESS_FS_REFER)

static bool
allow_writes(int ruleset, const char *dir, unsigned long long rights)
{
	struct landlock_path_beneath_attr below = {.allowed_access = rights};
	long done;

	below.parent_fd = open(dir, O_PATH | O_CLOEXEC);
	if (below.parent_fd < 0)
		return false;
	done = syscall(
	    SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
	close(below.parent_fd);
	return done == 0;
}

static bool
confine_files(const char *const *writable)
{
	unsigned long long writes = WRITES;
	struct landlock_ruleset_attr attr = {0};
	long version = syscall(
	    SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int ruleset;
	bool done = true;

	/* The first version refuses every move between directories; blobs need them. */
	if (version < LANDLOCK_REFER)
		return false;
	if (version >= LANDLOCK_TRUNCATE)
		writes |= LANDLOCK_ACCESS_FS_TRUNCATE;
	attr.handled_access_fs = writes | LANDLOCK_ACCESS_FS_EXECUTE;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return false;
	for (; done && *writable != NULL; writable++)
		done = allow_writes(ruleset, *writable, writes);
	done = done && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return done;
}

static bool
confine_calls(void)
{
	static const int refused[] = {SCMP_SYS(execve), SCMP_SYS(execveat),
#ifndef SANITIZED /* the leak checker traces us at the end */
	    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
#endif
	    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(unshare), SCMP_SYS(setns),
	    SCMP_SYS(bpf), SCMP_SYS(io_uring_setup), SCMP_SYS(keyctl), SCMP_SYS(add_key),
	    SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(init_module),
	    SCMP_SYS(finit_module), SCMP_SYS(kexec_load), SCMP_SYS(pidfd_getfd)};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool done = filter != NULL;

	for (size_t i = 0; done && i < sizeof(refused) / sizeof(refused[0]); i++)
		done =
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0) == 0;
	done = done && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket),
			   1, SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0)) == 0;
	done = done && seccomp_load(filter) == 0;
	if (filter != NULL)
		seccomp_release(filter);
	return done;
}

bool
sandbox_enter(const char *const *writable)
{
	bool files, calls;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
	files = confine_files(writable);
	calls = confine_calls();
	return files && calls;
}
