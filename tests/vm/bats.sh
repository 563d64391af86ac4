# bats.sh - in the guest: files of tests/integration, where there are limits to be had. BATS names them.
# shellcheck shell=sh
cp -r /share/tests/integration /var/tmp/integration.$(id -u)
cp "$HOD" /var/tmp/hod.$(id -u)
T=/var/tmp/hod-bats.$(id -u)
mkdir -p "$T"
for file in ${BATS:-limits}; do
	HOD=/var/tmp/hod.$(id -u) T=$T HOD_TEST_CACHE=/nonexistent HOME=$T TMPDIR=$T BATS_TEST_TIMEOUT=600 \
		bats --formatter tap --print-output-on-failure "/var/tmp/integration.$(id -u)/$file.bats" </dev/null 2>&1
done
echo end
