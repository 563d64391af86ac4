FROM scratch
RUN <<EOF
echo $not expanded here
  kept
EOF
RUN <<-'EOF' python3 && cat <<OTHER
	tab
		tabs
	EOF
other
OTHER
COPY <<"afile" <<b.txt /dir/
in a
afile
in b
b.txt
RUN echo $((1<<4)) <<< x
CMD cat <<EOF
ONBUILD RUN <<EOF
later
EOF
