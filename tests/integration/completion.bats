#!/usr/bin/env bats
# completion: the scripts as the shells themselves understand them.
load helper

setup_file() {
	store_up
	mkdir -p "$FILE_DIR/bin" "$FILE_DIR/fish/completions"
	ln -sf "$HOD" "$FILE_DIR/bin/hod"
	hod completion bash >"$FILE_DIR/hod.bash"
	hod completion zsh >"$FILE_DIR/_hod"
	hod completion fish >"$FILE_DIR/fish/completions/hod.fish"
}

in_bash() { # in_bash WORD...: what may stand for the last
	PATH=$FILE_DIR/bin:$PATH bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hod; echo "${COMPREPLY[@]}"' \
		"$FILE_DIR/hod.bash" "$@"
}
in_fish() { # in_fish LINE
	PATH=$FILE_DIR/bin:$PATH HOME=$FILE_DIR XDG_CONFIG_HOME=$FILE_DIR XDG_DATA_HOME=$FILE_DIR/data \
		fish -c "complete -C '$1'" | cut -f 1
}
in_zsh() { # in_zsh WORD...: what the script asks the completion system to offer for the last
	# shellcheck disable=SC2016 # for zsh to expand
	PATH=$FILE_DIR/bin:$PATH zsh -f -c 'script=$1; shift
		_arguments() { print -r -- "$@" }
		_describe() { print -r -- ${(P)2} }
		_files() { print files }
		ask() { local -a words=("$@"); local CURRENT=$#; . $script }
		ask "$@"' zsh "$FILE_DIR/_hod" "$@"
}

@test "bash completes commands, nouns, options and names" {
	run -0 in_bash hod vol
	is volume
	run -0 in_bash hod --root "$HOD_ROOT" image l
	is "list load ls"
	run -0 in_bash hod run --netw
	is "--network --network-alias"
	run -0 in_bash hod rmi ""
	has busybox
}

@test "fish completes commands, nouns, options and names" {
	need program fish
	run -0 in_fish "hod vol"
	is volume
	run -0 in_fish "hod builder "
	has build
	run -0 in_fish "hod -D --root /x image l"
	is $'list\nload\nls'
	run -0 in_fish "hod run --netw"
	is $'--network\n--network-alias'
	run -0 in_fish "hod rmi "
	has busybox
}

@test "zsh completes commands, nouns, options and names" {
	need program zsh
	run -0 zsh -n "$FILE_DIR/_hod"
	run -0 in_zsh hod ""
	has "builder:commands of builder"
	has "run:"
	run -0 in_zsh hod buildx ""
	is "build prune version"
	run -0 in_zsh hod -D --root /x volume ""
	has prune
	run -0 in_zsh hod --root ""
	is files
	run -0 in_zsh hod run --netwo
	has "*--network="
	run -0 in_zsh hod rmi ""
	has "hod images --format"
}
