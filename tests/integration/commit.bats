#!/usr/bin/env bats
# commit and diff: what a container changed, shown and made an image.
load helper

@test "diff tells what was added, changed and removed, of a running and of a stopped container" {
	hod_run -d --name d busybox sh -c 'echo 1 >/new; rm /bin/wget; mkdir -p /etc/sub; echo x >/etc/sub/f; echo y >>/etc/group; rm -rf /home; mkdir /home; sleep 1000' >/dev/null
	until_ok 10 hod exec d test -d /home
	until_ok 10 bash -c '"$HOD" diff d | grep -q /home/user'
	want=$'C /bin\nD /bin/wget\nC /etc\nC /etc/group\nA /etc/sub\nA /etc/sub/f\nC /home\nD /home/user\nA /new'
	run -0 hod diff d
	is "$want"
	hod kill d >/dev/null
	hod wait d >/dev/null
	run -0 hod container diff d
	is "$want"
	run -0 hod diff --format json d
	[ "$(jq -r '.deleted | join(" ")' <<<"$output")" = "/bin/wget /home/user" ]
	run -1 hod diff absent
}

@test "commit makes an image of the changes and of what the container was started with" {
	user=1000
	[ "$(id_mode)" != single ] || user=0 # it has no other
	hod_run --name c -e X=1 -w /tmp -u $user:$user --label a=b busybox sh -c 'echo 1 >/tmp/new' >/dev/null
	run -0 --separate-stderr hod commit -q -a me -m why -c 'CMD ["cat","/tmp/new"]' -c 'ENV Y=2' c made:1
	id=$output
	[[ $id =~ ^sha256:[0-9a-f]{64}$ ]]
	run -0 hod_run --rm made:1
	is 1
	run -0 hod_run --rm made:1 sh -c 'id -u; pwd; echo $X$Y; stat -c %u:%g /tmp/new'
	is "$user"$'\n/tmp\n12\n'"$user:$user"
	run -0 hod inspect -f '{{.Id}} {{.Author}} {{.Config.Labels.a}} {{len .RootFS.Layers}}' made:1
	is "$id me b 2"
	run -0 hod history --format '{{.Comment}}' made:1
	[ "${lines[0]}" = why ]
}

@test "commit of a running container; removed files stay removed; its layer is hashed by the same rules" {
	hod_run -d --name r busybox sh -c 'rm /bin/wget; echo 1 >/f; sleep 1000' >/dev/null
	until_ok 10 hod exec r test -e /f
	hod commit -q r running >/dev/null
	[ "$(hod inspect -f '{{.State.Status}}' r)" = running ]
	run -0 hod_run --rm running sh -c 'cat /f; ls /bin/wget 2>/dev/null | wc -l'
	is $'1\n0'
	hod rm -f r >/dev/null
	run -0 hod_run --rm running cat /f
	run -0 hod fsck --deep
}
