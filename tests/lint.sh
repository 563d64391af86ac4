#!/bin/sh
# lint.sh - what a compiler does not see: who includes whom, who may print, bare paths, form, scripts, manual pages.
# Prints each finding as FILE:LINE: text, and fails if there was one.
# shellcheck disable=SC2086,SC2046 # lists of names are meant to be split
set -u
cd "$(dirname "$0")/.." || exit 1
marks=$(mktemp) # one line for each kind of finding
trap 'rm -f "$marks"' EXIT

# report TITLE: takes findings on stdin
report() {
	text=$(cat)
	if [ -n "$text" ]; then
		printf '%s\n%s\n' "lint: $1" "$text"
		echo "$1" >>"$marks"
	fi
}

files() { git ls-files --cached --others --exclude-standard -- "$@" 2>/dev/null; }
c_files=$(files '*.c' '*.h')
own_files=$(files 'src/*.c' 'src/*.h' 'include/*.h')

# ---- directions of includes: the table in STYLE.md. A file also belongs to its own folder. ----
awk -v table='util:; oci:util; store:util oci; net:util; registry:util oci; runtime:util oci;
	image:util oci store registry; monitor:util oci store net runtime;
	engine:util oci store net runtime image monitor; build:util oci store image engine;
	cmd:util oci store net registry runtime image monitor engine build' '
	BEGIN {
		n = split(table, rows, ";")
		for (i = 1; i <= n; i++) {
			gsub(/^[ \t\n]+/, "", rows[i])
			split(rows[i], part, ":")
			known[part[1]] = 1
			allowed[part[1], part[1]] = 1
			m = split(part[2], names, /[ \t\n]+/)
			for (j = 1; j <= m; j++)
				allowed[part[1], names[j]] = 1
		}
	}
	FNR == 1 { split(FILENAME, path, "/"); folder = path[2] }
	folder ~ /\.[ch]$/ { next }  # src/main.c may include all
	!(folder in known) { if (FNR == 1) print FILENAME ":1: unknown folder " folder; next }
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, quoted, "\"")
		if (split(quoted[2], to, "/") == 1) {
			if (path[1] == "include")
				print FILENAME ":" FNR ": a public header includes a private one: " quoted[2]
		} else if (!((folder, to[1]) in allowed))
			print FILENAME ":" FNR ": " folder " must not include " quoted[2]
		if (quoted[2] ~ /\.\./)
			print FILENAME ":" FNR ": a path with .. in an include"
	}
	' $own_files /dev/null | report "include directions"

# ---- only cmd and main print; what runs at build time (gen) writes to its stdout, too. (log.c is
# the log; sha256.c has last words when its library is gone.) ----
for f in $(files 'src/*.c'); do
	case $f in src/cmd/* | src/main.c | src/*/gen/* | src/util/log.c | src/util/sha256.c) continue ;; esac
	grep -nE '(^|[^A-Za-z0-9_>.])(printf|puts|putchar|vprintf|perror|psignal)[[:space:]]*\(|(fprintf|fputs|fputc|fwrite|dprintf)[[:space:]]*\([^;]*(stdout|stderr|STDOUT_FILENO|STDERR_FILENO)' \
		"$f" | grep -vE '^[0-9]+:[[:space:]]*(/?\*|//)' | sed "s|^|$f:|"
done | report "printing outside cmd and main"

# ---- no bare paths where images and containers choose the names (SECURITY.md, rule 1) ----
# A line that needs one says why in a comment holding "path:" on it or on the line before.
for f in $(files 'src/image/*.c' 'src/runtime/*.c' 'src/build/do_*.c' 'src/store/layer*.c' 'src/store/rootfs*.c' 'src/cmd/cp.c' 'src/engine/cp*.c'); do
	case $f in */gen/*) continue ;; esac
	awk -v file="$f" '
		/(^|[^A-Za-z0-9_>.])(open|creat|mkdir|mknod|mount|umount|umount2|chown|lchown|chmod|unlink|rmdir|rename|link|symlink|readlink|stat|lstat|truncate|chdir|chroot|setxattr|lsetxattr|utimes|opendir|fopen)[ \t]*\(/ {
			if ($0 !~ /path:/ && before !~ /path:/ && $0 !~ /^[ \t]*(\*|\/\*|\/\/)/)
				print file ":" FNR ": " $0
		}
		{ before = $0 }' "$f"
done | report "bare paths (use rootfs_open or the *at calls, or say why: /* path: ... */)"

# ---- every file says what it is; none grows out of sight ----
for f in $c_files; do
	head -n 1 "$f" | grep -q '^/\*' || echo "$f:1: does not open with a comment of what it owns"
	lines=$(wc -l <"$f")
	[ "$lines" -le 900 ] || echo "$f:900: $lines lines; which second noun is hiding inside?"
done | report "files"
grep -nE '(^|[^A-Za-z])(TODO|FIXME|HACK)([^A-Za-z]|$)' $c_files | report "unfinished business"
for f in $(files 'src/*.c' 'src/*.h' 'include/*.h' '*.sh' 'man/*' '*.bats' 'Makefile'); do
	grep -nE '[[:blank:]]+$' "$f" | sed "s|^|$f:|"
done | report "blanks at line ends"

# ---- tools ----
need() {
	command -v "$1" >/dev/null || { echo "lint: $1 is missing ('sh tests/setup.sh' installs it)" | report "tools"; false; }
}
if need clang-format; then
	clang-format --dry-run -Werror $c_files 2>&1 | grep -oE '^[^:]+:[0-9]+' | sort -u -t: -k1,1 | sed 's/$/: not as clang-format has it/' | report "form (make format mends it)"
fi
if need cppcheck && [ -n "$own_files" ]; then
	cppcheck --quiet --std=c11 --platform=unix64 --enable=warning,performance,portability --inline-suppr \
		-j 2 --max-ctu-depth=1 --suppress=missingIncludeSystem --suppress=unknownMacro \
		--suppress=normalCheckLevelMaxBranches --suppress=checkLevelNormal --suppress=nullPointerOutOfMemory \
		--suppress=arithOperationsOnVoidPointer --suppress=variableScope --suppress=autoVariables --suppress=preprocessorErrorDirective --suppress=sizeofDereferencedVoidPointer --suppress=uninitvar --suppress='*:out/*' --template='{file}:{line}: {severity}: {message} [{id}]' \
		-D_GNU_SOURCE -D__linux__ -D'__typeof__(x)=void *' -Iinclude src 2>&1 | grep -v '^nofile:0' | report "cppcheck"
fi
if need shellcheck; then
	shellcheck -x $(files '*.sh') .ci/run 2>&1 | report "shellcheck"
	shellcheck -x -s bats -e SC2016,SC2030,SC2031,SC2154 $(files '*.bats' '*.bash') /dev/null 2>&1 | report "shellcheck (bats)"
fi
pages=$(files 'man/*.[0-9]')
if [ -n "$pages" ] && need mandoc; then
	mandoc -T lint -W warning $pages 2>&1 | report "manual pages"
fi

if [ -s "$marks" ]; then
	echo "lint: $(wc -l <"$marks") kinds of findings"
	exit 1
fi
echo "lint: nothing found"
