# bats.sh - in the guest: files of tests/integration, where there are limits to be had. BATS names them.
# shellcheck shell=sh
user=$(id -u)
program=/var/tmp/hod.$user
T=/var/tmp/hod-bats.$user
cp -r /share/tests/integration "/var/tmp/integration.$user"
cp "$HOD" "$program"
mkdir -p "$T"
for file in ${BATS:-limits}; do
	env HOD="$program" T="$T" HOD_TEST_CACHE=/nonexistent HOME="$T" TMPDIR="$T" BATS_TEST_TIMEOUT=600 \
		bats --formatter tap --print-output-on-failure "/var/tmp/integration.$user/$file.bats" </dev/null 2>&1
done
echo end
