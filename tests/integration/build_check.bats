#!/usr/bin/env bats
# build --check, --call: what a Dockerfile says of itself.
load helper

setup() { context_up; }

@test "--check tells what is not meant, builds nothing, and fails when asked to" {
	printf 'FROM busybox AS Base\nRUN false\nFROM base\nCMD true\n' | dockerfile
	run -0 hod build --check "$ctx"
	has 'Check complete, 2 warnings have been found!'
	has 'WARNING: StageNameCasing - '
	has '   1 | >>> FROM busybox AS Base'
	has 'WARNING: JSONArgsRecommended - '
	sed -i '1i # check=error=true' "$ctx/Dockerfile"
	run -1 hod build --check "$ctx"
	run -1 hod build "$ctx"
	has 'Dockerfile:2: warnings are errors'
	sed -i '1s/.*/# check=skip=StageNameCasing,JSONArgsRecommended;error=true/' "$ctx/Dockerfile"
	run -0 hod build --check "$ctx"
	is 'Check complete, no warnings found.'
	run -0 hod build --check --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=JSONArgsRecommended "$ctx"
	has 'Check complete, 1 warning has been found!'
	run -1 hod build --check --build-arg BUILDKIT_DOCKERFILE_CHECK=skop=all "$ctx"
}

@test "--check knows what the base image sets, and what the ignore file leaves out" {
	printf 'FROM busybox\nENV FROM_BASE=1\nSHELL ["/bin/sh", "-c"]\n' | dockerfile
	hod build -q -t base "$ctx"
	echo secret >"$ctx/.dockerignore"
	printf 'FROM base\nLABEL a=$FROM_BASE b=$FROM_BAS c=${FROM_NONE:-x}\nCOPY secret /\nCMD true\n' | dockerfile
	run -0 hod build --check "$ctx"
	has 'Check complete, 2 warnings have been found!'
	has "'\$FROM_BAS' is used, and nothing sets it"
	has 'COPY secret: the ignore file leaves it out'
	printf 'FROM not-here\nLABEL a=$WHATEVER\n' | dockerfile
	run -0 hod build --check "$ctx"
	is 'Check complete, no warnings found.'
}

@test "--check knows an image that is for another platform" {
	local other=linux/arm64
	[ "$(uname -m)" != aarch64 ] || other=linux/amd64
	printf 'FROM scratch\nCOPY Dockerfile /\n' | dockerfile
	hod build -q -t other --platform $other "$ctx"
	printf 'FROM other\nFROM busybox\n' | dockerfile
	run -0 hod build --check "$ctx"
	has 'Check complete, 1 warning has been found!'
	has 'InvalidBaseImagePlatform'
	has "base image 'other' is for $other"
	has ', and the build is for linux/'
	run -0 hod build --check --platform $other "$ctx"
	has "base image 'busybox' is for"
	printf '# check=skip=InvalidBaseImagePlatform\nFROM other\nFROM --platform=$TARGETPLATFORM scratch\n' | dockerfile
	run -0 hod build --check "$ctx"
	lacks InvalidBaseImagePlatform
	run -0 hod build -q --platform $other "$ctx"
}

@test "--call as JSON has docker's members" {
	cat >"$ctx/Dockerfile" <<-'END'
		# VERSION what to build
		ARG VERSION=1
		# builder makes it
		FROM busybox AS builder
		ARG OTHER
		RUN --mount=type=secret,id=token,required --mount=type=ssh true
		FROM scratch
		ARG UNUSED
		maintainer me
	END
	run -0 hod build --call check,format=json "$ctx"
	jq -e '.warnings | map(.ruleName) == ["ConsistentInstructionCasing", "MaintainerDeprecated"]' <<<"$output"
	jq -e '.warnings[1].location.ranges[0].start.line == 9' <<<"$output"
	jq -e '.warnings[1].url | endswith("/maintainer-deprecated/")' <<<"$output"
	run -0 hod build --call targets,format=json "$ctx"
	jq -e '.targets[0] | .name == "builder" and .description == "makes it" and .base == "busybox"' <<<"$output"
	jq -e '.targets[1].default' <<<"$output"
	run -0 hod build --call outline,format=json --target builder --build-arg OTHER=2 "$ctx"
	jq -e '.args | map([.name, .value]) == [["VERSION", "1"], ["OTHER", "2"]]' <<<"$output"
	jq -e '.args[0].description == "what to build"' <<<"$output"
	jq -e '.secrets[0] | .name == "token" and .required' <<<"$output"
	jq -e '.ssh[0].name == "default"' <<<"$output"
	printf 'FROM busybox\nRUNN x\n' | dockerfile
	run -1 hod build --call check,format=json "$ctx"
	jq -e '.buildError.message | startswith("Dockerfile:2: unknown instruction")' <<<"$output"
	run -1 hod build --check "$ctx"
	has 'Dockerfile:2: unknown instruction'
	run -125 hod build --call lint-it "$ctx"
}

@test "--call as text" {
	printf '# a the first\nFROM busybox AS a\n# V a version\nARG V=1\nFROM a\n' | dockerfile
	run -0 hod build --call targets "$ctx"
	like 'TARGET +DESCRIPTION'
	like 'a +the first'
	like '\(default\)'
	run -0 hod build --call outline "$ctx"
	like 'TARGET: +\(default\)'
	like 'V +1 +a version'
}
