#!/usr/bin/env bats
# no command ends with a descriptor that it forgot to close, and a monitor and a container have only theirs.
# (valgrind --track-fds does not know the system calls that containers are made with.)
load helper

setup_file() {
	store_up
	cat >"$FILE_DIR/fds.c" <<-'END'
		#include <dirent.h>
		#include <fcntl.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>
		/* Writes what is open when the program ends. */
		__attribute__((destructor)) static void list(void)
		{
			const char *to = getenv("OPEN_AT_EXIT");
			char name[300], target[300];
			struct dirent *e;
			DIR *d = opendir("/proc/self/fd");
			FILE *f = to ? fopen(to, "ae") : NULL;
			while (f && d && (e = readdir(d))) {
				int fd = atoi(e->d_name);
				ssize_t n;
				if (fd < 3 || fd == dirfd(d) || fd == fileno(f))
					continue;
				snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
				n = readlink(name, target, sizeof(target) - 1);
				if (n > 0)
					fprintf(f, "%d %.*s\n", fd, (int)n, target);
			}
			if (f)
				fclose(f);
		}
	END
	gcc -shared -fPIC -o "$FILE_DIR/fds.so" "$FILE_DIR/fds.c"
}

# clean ARGUMENT...: hod with them succeeds, and leaves nothing open but what it was given
clean() {
	: >"$FILE_DIR/before"
	: >"$FILE_DIR/open"
	OPEN_AT_EXIT=$FILE_DIR/before LD_PRELOAD=$FILE_DIR/fds.so "$HOD" version >/dev/null
	run -0 env OPEN_AT_EXIT="$FILE_DIR/open" LD_PRELOAD="$FILE_DIR/fds.so" "$HOD" "$@"
	run grep -vxFf "$FILE_DIR/before" "$FILE_DIR/open"
	is ""
}

@test "images: import, build, save, load, tag and rmi close all that they open" {
	mkdir -p "$FILE_DIR/ctx"
	echo data >"$FILE_DIR/ctx/data"
	printf 'FROM busybox AS a\nCOPY data /d\nRUN cp /d /e\nFROM busybox\nWORKDIR /w\nCOPY --from=a /e /e\nADD data /x/\nRUN --mount=type=cache,target=/c touch /c/f\n' \
		>"$FILE_DIR/ctx/Dockerfile"
	clean import "$(busybox_tar)" again
	clean build -q --network none --no-cache -t built "$FILE_DIR/ctx"
	clean build -q --network none -t built "$FILE_DIR/ctx"
	clean save -o "$FILE_DIR/built.tar" built busybox
	clean save --format oci-archive -o "$FILE_DIR/built.oci" built
	clean rmi -f built
	clean load -i "$FILE_DIR/built.tar"
	clean load -i "$FILE_DIR/built.oci"
	clean tag busybox other
	clean images
	clean inspect busybox
	clean fsck --deep
	clean image prune -f
}

@test "containers: run, exec, stop, start, logs and rm close all that they open" {
	clean run --rm --network none busybox true
	clean run --rm -i --network none -v "$FILE_DIR:/v" --tmpfs /t busybox cat /v/fds.c
	clean run -d --name c --network none busybox sleep 1000
	clean exec c true
	clean exec -i c cat
	clean exec -d c true
	clean ps -a
	clean logs c
	clean inspect c
	clean kill c
	clean wait c
	clean start c
	clean stop -t 0 c
	clean export -o "$FILE_DIR/c.tar" c
	clean rm c
	clean volume create v
	clean volume rm v
}

@test "a monitor has nothing open of who started it" {
	exec 7<"$FILE_DIR/fds.c"
	hod_run -d --name c busybox sleep 1000
	exec 7<&-
	run -0 find "/proc/$(monitor_of c)/fd" -lname "$FILE_DIR/fds.c"
	is ""
	run -0 find "/proc/$(monitor_of c)/fd" -lname "*.bats*"
	is ""
}
